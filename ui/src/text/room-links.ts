import type { RoomId } from "../backend/protocol";
import { NameFinder } from "./name-finder";
import type { RoomToken } from "./tokens";

/** Finds the names of known rooms in a text: a `#` and a whole name. */
export class RoomFinder {
  readonly #names: NameFinder;

  /** Of several rooms with one name the first is found. */
  constructor(rooms: Iterable<{ id: RoomId; name: string }>) {
    this.#names = new NameFinder(rooms);
  }

  /** Starts with another text. */
  begin(): this {
    this.#names.begin();
    return this;
  }

  /** Returns the link to a room whose `#` is at `index`, if there is one. */
  at(text: string, index: number): RoomToken | null {
    const found = this.#names.find(text, index);
    return found && { kind: "room", room: found.id, text: text.slice(index, found.end) };
  }
}

/** Returns whether a text looks as if it named a room, known or not. */
export const mayNameRoom = (text: string): boolean => /(?:^|[\s(])#[\p{L}\p{N}]/u.test(text);
