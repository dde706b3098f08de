import { limits, type RoomId, type RoomList, type RoomSummary } from "../backend/protocol";
import type { Command } from "../backend/session-types";
import { errorMessage } from "../shared/errors";
import { compareNames } from "../shared/compare-names";
import { wellFormed } from "../shared/well-formed";

/** The rooms that are listed without being looked for. */
const maxListed = 1_000;
/** A bound on the rooms that are kept. */
const maxRooms = 4_000;
/** A bound on the answered searches that are remembered. */
const maxAnswered = 100;

/** A listing of all rooms that is under way: it arrives in parts. */
interface Listing {
  /** The last room of the part before the one that is expected. */
  after: RoomId | undefined;
  /** The number of rooms in the parts so far. */
  count: number;
  /** `true` after a refusal, which may be that of a search. */
  isRefused?: boolean;
}

/** The rooms of a server that are known: the first ones of all by name, and those that were looked for. */
export class Directory {
  readonly #command: (command: Command) => Promise<void>;
  #known: ReadonlyMap<RoomId, RoomSummary> | null = $state.raw(null);
  readonly #rooms = $derived(this.#known && [...this.#known.values()].sort((a, b) => compareNames(a.name, b.name)));
  #isPartial = $state(false);
  /** `true` if the last listing has ended and has listed all rooms. */
  #isComplete = $state(false);
  #error: string | null = $state(null);
  /** The searches that were answered on this connection. */
  #answered: ReadonlySet<string> = $state.raw(new Set());
  /** `true` if the listing was requested on this connection. */
  #isRequested = false;
  #listing: Listing | null = null;

  constructor(command: (command: Command) => Promise<void>) {
    this.#command = command;
  }

  get rooms() {
    return this.#rooms;
  }
  /** `true` if there are rooms that are not listed, or not yet. */
  get isPartial() {
    return this.#isPartial;
  }
  get error() {
    return this.#error;
  }

  hasLookedFor(query: string): boolean {
    return this.#answered.has(searchOf(query)) || this.#isComplete;
  }

  /** Requests the first rooms of all, unless their listing is under way, or those that have a text in their names or topics. */
  request(query: string): void {
    this.#error = null;
    if (query !== "") {
      const search = searchOf(query);
      // A room may have been created since.
      this.#answered = new Set([...this.#answered].filter((answered) => answered !== search));
      return this.#send({ command: "browse", query: search });
    }
    if (this.#listing && this.#listing.isRefused !== true) return;
    this.#listing = { after: undefined, count: 0 };
    this.#isComplete = false;
    this.#isRequested = true;
    this.#send({ command: "browse" });
  }

  /** Requests the first rooms of all, unless they are there. */
  load(): void {
    if (!this.#isRequested && !this.#isComplete && !this.#isPartial) this.request("");
  }

  /** Adds what the server has listed, and requests what follows. */
  add({ rooms, query, after, more }: RoomList): void {
    this.#error = null;
    const known = new Map(this.#known);
    for (const room of rooms) known.set(room.id, room);
    this.#known = new Map([...known].slice(-maxRooms));
    if (query) this.#answered = new Set([...this.#answered, query].slice(-maxAnswered));
    else if (this.#listing && this.#listing.after === after) this.#continue(this.#listing, rooms, more === true);
  }

  /** Keeps the reason why the listing, or a search, was refused. */
  refuse(error: string): void {
    this.#error = error;
    if (this.#listing) this.#listing = { ...this.#listing, isRefused: true };
  }

  /** Forgets what was requested: the answers are lost with the connection, and rooms are created meanwhile. */
  onDisconnected(): void {
    this.#isRequested = false;
    this.#listing = null;
    this.#answered = new Set();
  }

  #continue({ count }: Listing, rooms: readonly RoomSummary[], more: boolean): void {
    this.#isPartial = more;
    const last = rooms.at(-1)?.id;
    const listed = count + rooms.length;
    this.#listing = more && last !== undefined && listed < maxListed ? { after: last, count: listed } : null;
    if (this.#listing) this.#send({ command: "browse", ...(last !== undefined && { after: last }) });
    else this.#isComplete = !more;
  }

  #send(command: Command): void {
    this.#command(command).catch((error: unknown) => this.refuse(errorMessage(error)));
  }
}

/** Returns the text with which the server is asked for a query, and which its answer has. */
const searchOf = (query: string): string => wellFormed(query.slice(0, limits.maxNameChars));
