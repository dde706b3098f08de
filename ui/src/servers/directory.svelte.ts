import { limits, type RoomId, type RoomList, type RoomSummary } from "../backend/protocol";
import type { Command } from "../backend/session-types";
import { errorMessage } from "../shared/errors";
import { compareNames } from "../shared/compare-names";

/** The rooms that are listed without being looked for. */
const maxListed = 1_000;
/** A bound on the rooms that are kept. */
const maxRooms = 4_000;

/** The rooms of a server that are known: the first ones of all by name, and those that were looked for. */
export class Directory {
  readonly #command: (command: Command) => Promise<void>;
  #known: ReadonlyMap<RoomId, RoomSummary> | null = $state.raw(null);
  readonly #rooms = $derived(this.#known && [...this.#known.values()].sort((a, b) => compareNames(a.name, b.name)));
  #isPartial = $state(false);
  #error: string | null = $state(null);
  /** The searches that were answered. */
  #answered: ReadonlySet<string> = $state.raw(new Set());
  #isRequested = false;
  /** The number of rooms in the answers so far to the request for all. */
  #listed = 0;

  constructor(command: (command: Command) => Promise<void>) {
    this.#command = command;
  }

  get rooms() {
    return this.#rooms;
  }
  get isPartial() {
    return this.#isPartial;
  }
  get error() {
    return this.#error;
  }

  hasLookedFor(query: string): boolean {
    return this.#answered.has(query) || (this.#known !== null && !this.#isPartial);
  }

  /** Requests the first rooms of all, or those that have a text in their names or topics. */
  request(query: string): void {
    this.#error = null;
    this.#isRequested = true;
    if (query === "") this.#listed = 0;
    this.#send({ command: "browse", ...(query && { query: query.slice(0, limits.maxNameChars) }) });
  }

  /** Requests the first rooms of all, unless they are there. */
  load(): void {
    if (this.#known === null && !this.#isRequested) this.request("");
  }

  /** Adds what the server has listed, and requests what follows. */
  add({ rooms, query, more }: RoomList): void {
    this.#error = null;
    const known = new Map(this.#known);
    for (const room of rooms) known.set(room.id, room);
    this.#known = new Map([...known].slice(-maxRooms));
    if (query) {
      this.#answered = new Set(this.#answered).add(query);
      return;
    }
    this.#listed += rooms.length;
    const after = rooms.at(-1)?.id;
    const goesOn = more === true && after !== undefined && this.#listed < maxListed;
    if (goesOn) this.#send({ command: "browse", after });
    else this.#isPartial = more === true;
  }

  refuse(error: string): void {
    this.#error = error;
  }

  onDisconnected(): void {
    this.#isRequested = false;
  }

  #send(command: Command): void {
    this.#command(command).catch((error: unknown) => (this.#error = errorMessage(error)));
  }
}
