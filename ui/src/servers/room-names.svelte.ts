import type { Name, RoomId } from "../backend/protocol";
import { roomMarks } from "../rooms/room-marks";
import { RoomFinder } from "../text/room-links";

interface NamedRoom {
  id: RoomId;
  name: Name;
}

/** The names of a server's rooms: a finder of them in texts, and the marks of those that can be confused. */
export class RoomNames {
  readonly #rooms: () => readonly NamedRoom[];
  /** As JSON: a derived value that is equal notifies nobody, and a new list never is. */
  readonly #text = $derived.by(() => JSON.stringify(this.#rooms().map(({ id, name }) => ({ id, name }))));
  readonly #named = $derived(JSON.parse(this.#text) as NamedRoom[]);
  readonly #finder = $derived(new RoomFinder(this.#named));
  readonly #marks = $derived(roomMarks(this.#named));

  /** Of several rooms with one name a text means the first. */
  constructor(rooms: () => readonly NamedRoom[]) {
    this.#rooms = rooms;
  }

  get finder() {
    return this.#finder;
  }

  /** Returns the mark of a room whose name can be confused with another one's: a piece of its address. */
  markOf(room: RoomId): string | undefined {
    return this.#marks.get(room);
  }
}
