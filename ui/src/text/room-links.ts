import type { RoomId } from "../backend/protocol";
import { NameFinder } from "./name-finder";
import type { RoomToken } from "./tokens";

/** Finds the names of known rooms in a text: a `#` and a whole name, and after it a piece of the address where several have it. */
export class RoomFinder {
  readonly #names: NameFinder;
  readonly #byName = new Map<string, Set<RoomId>>();

  /**
   * Of several rooms with one name the first is found, unless the text says which one it means: `#Lunch (1d23)`. A room may be
   * given twice.
   */
  constructor(rooms: Iterable<{ id: RoomId; name: string }>) {
    const all = [...rooms];
    this.#names = new NameFinder(all);
    for (const { id, name } of all) {
      const key = name.toLowerCase();
      const namesakes = this.#byName.get(key);
      if (namesakes) namesakes.add(id);
      else this.#byName.set(key, new Set([id]));
    }
  }

  /** Starts with another text. */
  begin(): this {
    this.#names.begin();
    return this;
  }

  /** Returns the link to a room whose `#` is at `index`, if there is one. */
  at(text: string, index: number): RoomToken | null {
    const found = this.#names.find(text, index);
    if (!found) return null;
    const namesakes = [...(this.#byName.get(text.slice(index + 1, found.end).toLowerCase()) ?? [])];
    const [suffix = "", piece] = pieceOfAddress.exec(text.slice(found.end, found.end + 40)) ?? [];
    const [meant, other] = piece === undefined ? [] : namesakes.filter((id) => id.endsWith(piece.toLowerCase()));
    // Somebody may have made the second room so that it takes over the links to the first.
    if (other !== undefined) return null;
    const end = meant === undefined ? found.end : found.end + suffix.length;
    return { kind: "room", room: meant ?? found.id, text: text.slice(index, end) };
  }
}

const pieceOfAddress = /^ \(([0-9a-f-]{4,36})\)/i;

/** Returns the text that means a room, with a piece of its address if another room can be taken for it. */
export const textOfRoom = (name: string, piece: string | undefined): string =>
  piece === undefined ? `#${name}` : `#${name} (${piece})`;

/** Returns whether a text looks as if it named a room, known or not. */
export const mayNameRoom = (text: string): boolean => /(?:^|[\s(])#[\p{L}\p{N}]/u.test(text);
