import type { Item } from "../rooms/fold";
import type { RoomState } from "../rooms/room-state.svelte";
import type { Drafts } from "./drafts";

/** The text in a room's composer: a new message, a reply, or an edit of one of the user's messages. */
export class ComposerState {
  readonly room: RoomState;
  readonly #server: string;
  readonly #drafts: Drafts;
  #text = $state("");
  #replyTo: string | undefined = $state();
  #editing: Item | null = $state.raw(null);
  #focusRequests = $state(0);
  /** The draft to restore when the current edit ends. */
  #interruptedDraft = "";

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
    this.#saveDraft();
  }
  get replyTo() {
    return this.#replyTo;
  }
  /** A counter that increases whenever the composer should get the focus. */
  get focusRequests() {
    return this.#focusRequests;
  }
  get editing() {
    return this.#editing;
  }

  reply(item: Item): void {
    this.stopEditing();
    this.#replyTo = item.id;
    this.#focusRequests += 1;
    this.#saveDraft();
  }

  edit(item: Item): void {
    if (!this.#editing) this.#interruptedDraft = this.#text;
    this.#editing = item;
    this.#text = item.text;
    this.#focusRequests += 1;
  }

  /** Cancels the edit if there is one, otherwise the reply. Returns `false` if there was neither. */
  cancel(): boolean {
    if (this.stopEditing()) return true;
    if (this.#replyTo === undefined) return false;
    this.#replyTo = undefined;
    this.#saveDraft();
    return true;
  }

  stopEditing(): boolean {
    if (!this.#editing) return false;
    this.#editing = null;
    this.#text = this.#interruptedDraft;
    return true;
  }

  /** Sends the message, or saves the edit. Returns `false` if the text is empty. */
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
    this.#saveDraft();
    return true;
  }

  #saveDraft(): void {
    if (this.#editing) return;
    const replyTo = this.#replyTo;
    this.#drafts.set(this.#server, this.room.id, { text: this.#text, ...(replyTo ? { replyTo } : {}) });
  }
}
