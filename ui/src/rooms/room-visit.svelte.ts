import { countsAsUnreadFor } from "../backend/entry-kinds";
import type { Entry, MemberId, Seq } from "../backend/protocol";
import type { Item } from "./fold";
import type { LogNavigator } from "./log-navigator.svelte";
import { ReadState } from "./read-state.svelte";

/** The part of a room that a visit uses. */
interface VisitedRoom {
  readonly log: LogNavigator;
  readonly me: MemberId;
  readonly items: readonly Item[];
  /** The read marker of the server. */
  readonly read: Seq;
  readonly unread: number;
  readonly unreadMentions: number;
}

/** A visit to a room, from opening it until another one is opened: the *New* line, and what is read. */
export class RoomVisit {
  readonly #room: VisitedRoom;
  readonly #readState: ReadState;

  /** `sendRead` is called with the read marker whenever the user has moved it. */
  constructor(room: VisitedRoom, sendRead: (seq: Seq) => void) {
    this.#room = room;
    this.#readState = new ReadState(sendRead);
  }

  get newLine() {
    return this.#readState.newLine;
  }
  /** The entry above the *New* line. Undefined where the entry below it isn't loaded: the line would move with each page. */
  get shownNewLine(): Seq | undefined {
    const { newLine } = this;
    return newLine && this.#room.log.contains(newLine.after + 1) ? newLine.after : undefined;
  }
  /** The first new message, if it is loaded. */
  get firstNew(): Item | undefined {
    const { shownNewLine: after } = this;
    const { items, me } = this.#room;
    return after === undefined ? undefined : items.find((item) => item.seq > after && countsAsUnreadFor(item, me));
  }

  begin(): void {
    const { log, read, unread, unreadMentions } = this.#room;
    this.#readState.startVisit(read, unread);
    if (unreadMentions > 0) log.forgetReadingPlace();
    log.open(unread > 0 ? read + 1 : null);
  }

  end(): void {
    this.#readState.clearNewLine();
    this.#room.log.close();
  }

  /** Sets the read marker to that of the server, which all devices of the user share. */
  setRead(read: Seq): void {
    this.#readState.setRead(read);
  }

  /** Adds entries that arrived unseen, and that are loaded. */
  addUnseen(entries: readonly Entry[]): void {
    this.#readState.addUnseen(entries, this.#room.me, this.#room.log.items);
  }

  /** Marks the entries up to `seq` as read. */
  markRead(seq: Seq): void {
    this.#readState.markRead(seq);
  }

  /** Marks everything as read and jumps to the newest entry. */
  markAllRead(): void {
    this.#readState.markAllRead(this.#room.log.head);
    this.#room.log.jumpToPresent();
  }

  /** Marks a message and everything after it as unread. */
  markUnreadFrom(item: Item): void {
    const { items, me } = this.#room;
    const count = items.filter((other) => other.seq >= item.seq && countsAsUnreadFor(other, me)).length;
    this.#readState.markUnreadFrom(item.seq, count);
  }

  /** Removes the *New* line, when the user doesn't want to go there, or has answered. */
  dismissNewLine(): void {
    this.#readState.clearNewLine();
  }

  /** Shows what is new: at once if the room is open, otherwise when it is opened next. */
  showNews(): void {
    const { log, read, unread } = this.#room;
    log.forgetReadingPlace();
    // What was written far below the reader in the open room is not loaded, and has no line yet.
    if (!this.newLine && log.isOpen && unread > 0) this.#readState.startVisit(read, unread);
    this.jumpToNewLine();
  }

  jumpToNewLine(): void {
    if (this.newLine) this.#room.log.jumpTo({ to: "new", seq: this.newLine.after + 1 });
  }
}
