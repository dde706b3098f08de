import type { Item } from "../rooms/fold";
import type { RoomState } from "../rooms/room-state.svelte";
import { copyText } from "../shared/clipboard";
import type { ComposerState } from "./composer-state.svelte";

/** The actions on messages, by mouse and by key, and the state of their dialogs. */
export class MessageActions {
  readonly room: RoomState;
  readonly #composer: ComposerState;
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

  /** Handles a key on a focused message. Returns `false` if the key has no action. */
  handleKey(event: KeyboardEvent, item: Item, row: HTMLElement): boolean {
    if (!item.isMessage || item.deleted) return false;
    switch (event.key) {
      case "r":
        this.reply(item);
        return true;
      case "e":
        if (row.dataset.own !== undefined) this.edit(item);
        return true;
      case "+":
        this.reacting = { item, anchor: row };
        return true;
      case "U":
        this.room.markUnreadFrom(item);
        return true;
      case "Delete":
        if (row.dataset.own !== undefined) this.deleting = item;
        return true;
      default:
        return false;
    }
  }
}
