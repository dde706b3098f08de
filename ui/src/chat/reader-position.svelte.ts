import type { Seq } from "../backend/protocol";
import type { RoomState } from "../rooms/room-state.svelte";
import type { ServerState } from "../servers/server-state.svelte";
import type { AppState } from "../state/app-state.svelte";
import type { ScrollAnchor, Viewport } from "./scroll-anchor";

/** The distance from the end of the loaded entries at which the next page is requested, in viewport heights. */
const maxLoadDistance = 2;
/** The distance from the present within which the next visit begins there, in viewport heights: the focus scrolls as far. */
const nearPresent = 1;
/** The time for which entries must be visible before they count as read. */
const readDelayMs = 300;

/**
 * The position of the reader in a room's timeline. It decides which pages are loaded, which entries count as read, and which
 * message the address names.
 */
export class ReaderPosition {
  readonly #app: AppState;
  readonly #server: ServerState;
  readonly #room: RoomState;
  #atEnd = $state(true);
  #lastRow: string | null = $state(null);
  #newAbove = $state(false);
  /** The entry above the *New* line below which the user has seen everything. */
  #seenLine: Seq | undefined = $state();
  /** The part below the *New* line that has been on screen without a gap. */
  #seen: { after: Seq; until: Seq } | undefined;
  #readTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(app: AppState, server: ServerState, room: RoomState) {
    this.#app = app;
    this.#server = server;
    this.#room = room;
  }

  /** `true` at the end of the loaded entries. */
  get atEnd() {
    return this.#atEnd;
  }
  /** The last visible row that Tab can reach. */
  get lastRow() {
    return this.#lastRow;
  }
  /** `true` if the *New* line is above the viewport, rendered there or no longer loaded, and not all below it has been seen. */
  get newAbove() {
    return this.#newAbove && this.#seenLine !== this.#room.visit.newLine?.after;
  }

  /** Follows the viewport, after it was scrolled or its content has changed. */
  update(anchor: ScrollAnchor): void {
    const { log } = this.#room;
    if (log.isMoving) return;
    const view = anchor.save(log.atPresent);
    this.#atEnd = view.atEnd;
    this.#lastRow = view.lastRow ?? null;
    this.#loadPages(view);
    const first = this.#seqOf(view.first);
    const isAtPresent = view.atEnd && log.atPresent;
    const isNearPresent = view.below < nearPresent && log.atPresent;
    const place = isNearPresent || first === undefined ? null : { seq: first, hidden: view.hidden };
    log.setReaderPosition(first ?? (view.atEnd ? Number.MAX_SAFE_INTEGER : 0), place);
    this.#updateAddress(first, isAtPresent);
    this.#newAbove = this.#isNewAbove(anchor, first);
    clearTimeout(this.#readTimer);
    this.#readTimer = setTimeout(() => this.#markRead(view, anchor.isInView("new")), readDelayMs);
  }

  /** Stops the timer. What has been visible too briefly stays unread. */
  stop(): void {
    clearTimeout(this.#readTimer);
  }

  #loadPages({ above, below }: Viewport): void {
    const { log } = this.#room;
    // In a full window, loading more at one end drops entries at the other, which must not be loaded again at once.
    const distance = log.isFull ? Math.min(maxLoadDistance, (above + below) / 4) : maxLoadDistance;
    if (above < distance) log.loadOlder();
    if (below < distance) log.loadNewer();
  }

  #updateAddress(first: Seq | undefined, isAtPresent: boolean): void {
    const { navigation } = this.#app;
    navigation.reading = isAtPresent ? null : (first ?? null);
    // The user has left the message that the address names.
    if (isAtPresent && first !== undefined && first > (navigation.addressedMessage ?? Infinity))
      navigation.setAddressedMessage(null);
  }

  #isNewAbove(anchor: ScrollAnchor, first: Seq | undefined): boolean {
    const after = this.#room.visit.newLine?.after;
    if (after === undefined || first === undefined || first <= after) return false;
    return anchor.isAbove("new") ?? true;
  }

  #markRead({ first, last, atEnd }: Viewport, showsNew: boolean): void {
    const { log } = this.#room;
    if (!this.#app.isWatched(this.#server, this.#room)) return;
    const seq = atEnd && log.atPresent ? log.head : this.#seqOf(last);
    if (seq === undefined) return;
    this.#noteSeen(this.#seqOf(first), seq, showsNew);
    this.#room.visit.markRead(seq);
  }

  #noteSeen(first: Seq | undefined, last: Seq, showsNew: boolean): void {
    const after = this.#room.visit.newLine?.after;
    if (after === undefined) return;
    const until = this.#seen?.after === after ? this.#seen.until : after;
    if (!showsNew && (first === undefined || first > until + 1)) return;
    this.#seen = { after, until: Math.max(until, last) };
    if (this.#seen.until >= this.#room.log.head) this.#seenLine = after;
  }

  #seqOf(row: string | undefined): Seq | undefined {
    return row === undefined ? undefined : this.#room.find(row)?.seq;
  }
}
