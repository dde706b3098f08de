import type { Item } from "../rooms/fold";
import type { RoomState } from "../rooms/room-state.svelte";
import { copyText } from "../shared/clipboard";
import type { Composing } from "./composer-state.svelte";

/** What can be done with a message, by mouse and by key; each message offers what fits it. */
export class MessageActions {
  readonly room: RoomState;
  readonly #composing: Composing;
  /** The message that is about to be deleted, until the person has said yes. */
  deleting: Item | null = $state.raw(null);
  /** The message that a reaction is being chosen for, and where the choice stands. */
  reacting: { item: Item; anchor: HTMLElement } | null = $state.raw(null);
  /** The day on which a person asked for the way to another one. */
  jumpingFrom: number | null = $state.raw(null);

  constructor(room: RoomState, composing: Composing) {
    this.room = room;
    this.#composing = composing;
  }

  /** Whether anything is being asked or chosen. */
  get choosing(): boolean {
    return this.deleting !== null || this.reacting !== null || this.jumpingFrom !== null;
  }

  stopChoosing(): void {
    this.deleting = null;
    this.reacting = null;
    this.jumpingFrom = null;
  }

  reply(item: Item): void {
    this.#composing.reply(item);
  }

  edit(item: Item): void {
    this.#composing.edit(item);
  }

  async copy(item: Item): Promise<void> {
    await copyText(item.text);
  }

  /** Does what a key on a focused message means; false for a key that means nothing. */
  key(event: KeyboardEvent, item: Item, row: HTMLElement): boolean {
    if (item.body.kind !== "message" || item.deleted) return false;
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
        this.room.markUnread(item);
        return true;
      case "Delete":
        if (row.dataset.own !== undefined) this.deleting = item;
        return true;
      default:
        return false;
    }
  }
}
