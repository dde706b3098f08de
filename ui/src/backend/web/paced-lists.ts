/** Passes updates on to the interface, and lists of rooms only at intervals: it draws all rooms for each list. */

import type { RoomId } from "../protocol";
import type { Update } from "../session-types";

/** The shortest time between two lists of rooms. */
const listIntervalMs = 20;

type RoomsUpdate = Update & { update: "rooms" };

/**
 * Holds back a list of rooms that follows another too soon, in favour of a newer one. An update of a room that only the list
 * held back has waits for it. All others are passed on at once.
 */
export class PacedLists {
  readonly #pass: (update: Update) => void;
  /** The rooms of the last list that was passed on. */
  #listed: ReadonlySet<RoomId> = new Set();
  /** The list that is held back. */
  #list?: RoomsUpdate;
  /** The updates that wait for it, in order. */
  #waiting: Update[] = [];
  /** Runs until the next list may be passed on. */
  #timer?: ReturnType<typeof setTimeout>;

  constructor(pass: (update: Update) => void) {
    this.#pass = pass;
  }

  add(update: Update): void {
    if (update.update === "rooms") {
      this.#list = update;
      if (this.#timer === undefined) this.#passList();
    } else if (this.#mustWait(update)) this.#waiting.push(update);
    else {
      // The first list of a connection is not held back.
      if (update.update === "hello") this.#flush();
      this.#pass(update);
    }
  }

  /** Drops what is held back. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#list = undefined;
    this.#waiting = [];
  }

  #mustWait(update: Update): boolean {
    const room = roomOf(update);
    if (room === undefined || this.#listed.has(room)) return false;
    return (
      this.#list?.rooms.some(({ id }) => id === room) === true || this.#waiting.some((other) => roomOf(other) === room)
    );
  }

  /** Passes on what is held back, and lets the next list be passed on at once. */
  #flush(): void {
    this.#passList();
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Passes the list on, and what waits for it. */
  #passList(): void {
    const list = this.#list;
    if (!list) return;
    this.#list = undefined;
    this.#listed = new Set(list.rooms.map(({ id }) => id));
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#passList();
    }, listIntervalMs);
    this.#pass(list);
    for (const update of this.#waiting.splice(0)) this.#pass(update);
  }
}

const roomOf = (update: Update): RoomId | undefined => ("room" in update ? update.room : undefined);
