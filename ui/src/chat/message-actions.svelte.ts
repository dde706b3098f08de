import { findShortcut, type MessageShortcut, messageShortcuts } from "../app/keyboard";
import type { Item } from "../rooms/fold";
import type { RoomState } from "../rooms/room-state.svelte";
import { copyText } from "../shared/clipboard";
import type { ComposerState } from "./composer-state.svelte";

/** The actions on messages, by mouse and by key, and the state of their dialogs. */
export class MessageActions {
  readonly room: RoomState;
  readonly #composer: ComposerState;
  /** `false` if the focused message was clicked: who types then wants to write. */
  #takesKeys = false;
  /** The message for which the confirmation of a deletion is open. */
  deleting: Item | null = $state.raw(null);
  /** The message for which the emoji picker is open, and the picker's anchor. */
  reacting: { item: Item; anchor: HTMLElement } | null = $state.raw(null);
  /** The day whose *Jump to a date* dialog is open. */
  jumpingFrom: number | null = $state.raw(null);

  constructor(room: RoomState, composer: ComposerState) {
    this.room = room;
    this.#composer = composer;
  }

  get isDialogOpen(): boolean {
    return this.deleting !== null || this.reacting !== null || this.jumpingFrom !== null;
  }

  closeDialogs(): void {
    this.deleting = null;
    this.reacting = null;
    this.jumpingFrom = null;
  }

  reply(item: Item): void {
    this.#composer.reply(item);
  }

  edit(item: Item): void {
    this.#composer.edit(item);
  }

  async copy(item: Item): Promise<void> {
    await copyText(item.text);
  }

  /** Notes how a message got the focus. */
  onFocus(row: HTMLElement): void {
    this.#takesKeys = row.matches(":focus-visible");
  }

  /** Handles a key on a focused message. Returns `false` if the key has no action. */
  handleKey(event: KeyboardEvent, item: Item, row: HTMLElement): boolean {
    if (!item.isMessage || item.deleted || !this.#takesKeys) return false;
    const shortcut = findShortcut(messageShortcuts, event);
    const action = shortcut && this.#actions(item, row)[shortcut];
    if (!action) return false;
    action();
    return true;
  }

  #actions(item: Item, row: HTMLElement): Partial<Record<MessageShortcut, () => void>> {
    const forAll = {
      reply: () => this.reply(item),
      react: () => void (this.reacting = { item, anchor: row }),
      copyText: () => void this.copy(item),
      markUnread: () => this.room.markUnreadFrom(item),
    };
    if (row.dataset.own === undefined) return forAll;
    return { ...forAll, edit: () => this.edit(item), delete: () => void (this.deleting = item) };
  }
}
