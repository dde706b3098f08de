import type { Item } from "../rooms/fold";
import type { RoomState } from "../rooms/room-state.svelte";
import type { Drafts } from "./drafts";

/** What is being written in one room: a message, an answer, or a change of one's own message. */
export class Composing {
  readonly room: RoomState;
  readonly #server: string;
  readonly #drafts: Drafts;
  #text = $state("");
  #replyTo: string | undefined = $state();
  #editing: Item | null = $state.raw(null);
  /** Grows whenever the composer is to have the focus. */
  #calls = $state(0);
  /** The draft that an edit interrupted. */
  #aside = "";

  constructor(server: string, room: RoomState, drafts: Drafts) {
    this.room = room;
    this.#server = server;
    this.#drafts = drafts;
    const draft = drafts.get(server, room.id);
    this.#text = draft.text;
    this.#replyTo = draft.replyTo;
  }

  get text() {
    return this.#text;
  }
  set text(text: string) {
    this.#text = text;
    this.#keep();
  }
  get replyTo() {
    return this.#replyTo;
  }
  get calls() {
    return this.#calls;
  }
  get editing() {
    return this.#editing;
  }

  reply(item: Item): void {
    this.stopEditing();
    this.#replyTo = item.id;
    this.#calls += 1;
    this.#keep();
  }

  edit(item: Item): void {
    if (!this.#editing) this.#aside = this.#text;
    this.#editing = item;
    this.#text = item.text;
    this.#calls += 1;
  }

  /** Leaves what Esc leaves next: editing, then replying. False when there was nothing to leave. */
  leave(): boolean {
    if (this.stopEditing()) return true;
    if (this.#replyTo === undefined) return false;
    this.#replyTo = undefined;
    this.#keep();
    return true;
  }

  stopEditing(): boolean {
    if (!this.#editing) return false;
    this.#editing = null;
    this.#text = this.#aside;
    return true;
  }

  /** Sends or saves; false when there is nothing to send. */
  send(): boolean {
    const text = this.#text.trim();
    if (text === "") return false;
    const editing = this.#editing;
    if (editing) {
      if (text !== editing.text) this.room.post({ kind: "edit", of: editing.id, text });
      this.stopEditing();
    } else {
      const replyTo = this.#replyTo;
      this.#text = "";
      this.#replyTo = undefined;
      this.room.send(text, replyTo);
    }
    this.#keep();
    return true;
  }

  #keep(): void {
    if (this.#editing) return;
    const replyTo = this.#replyTo;
    this.#drafts.set(this.#server, this.room.id, { text: this.#text, ...(replyTo ? { replyTo } : {}) });
  }
}
