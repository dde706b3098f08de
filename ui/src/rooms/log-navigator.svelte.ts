import { propertiesOf } from "../backend/entry-kinds";
import type { Entry, EntryId, RoomId, Seq, WireError } from "../backend/protocol";
import type { Command } from "../backend/session-types";
import { errorMessage } from "../shared/errors";
import { EntryWaiter, type SearchContext } from "./entry-waiter";
import type { Item } from "./fold";
import { LogWindow, pageSize } from "./log-window";

/** The time after which a load counts as failed. Its answer is still applied if it arrives later. */
export const loadTimeoutMs = 4_000;

/** The part of the log that is being loaded: more at one end, or another place. */
export type LoadedPart = "older" | "newer" | "place";

/** A load that has failed. It is repeated after a reconnect, or when the user asks for it. */
export interface LoadFailure {
  part: LoadedPart;
  /** The reason: there is no connection, no answer with entries came, or the server's or the back end's error. */
  reason: "offline" | "unanswered" | { message: string };
}

/** A place that the timeline is to scroll to. Each jump is a new object, so that jumping to the same place twice works. */
export type Jump =
  | { to: "present" }
  /** The *New* line, or the entry below it. */
  | { to: "new"; seq: Seq }
  /**
   * A message. `quiet` jumps neither highlight nor focus it: the user returns to where they were. `hidden` is the height of what
   * was above the viewport of its row, in pixels.
   */
  | { to: "message"; seq: Seq; id?: EntryId; quiet?: boolean; hidden?: number };

/** The place that the user reads: the first visible entry, and the height of what is above the viewport of its row, in pixels. */
export interface ReadingPlace {
  seq: Seq;
  hidden: number;
}

/**
 * The end of a search by time: the time of the item that is shown, `overtaken` if another jump has begun since, or null if it
 * can't be loaded.
 */
export type TimeSearchEnd = { at: number } | "overtaken" | null;

/** The part of a room that its navigator uses. */
export interface NavigatorContext {
  room: RoomId;
  /** Passes a command to the back end. A rejection has already been shown to the user. */
  command(command: Command): Promise<void>;
  isOnline(): boolean;
}

/**
 * The loaded part of a room's log, and the user's way through it. Every load has an end: its answer, an error, a timeout or
 * the loss of the connection; and every jump has one: its place is loaded, or the jump is given up.
 */
export class LogNavigator {
  readonly #context: NavigatorContext;
  readonly #window = new LogWindow();
  readonly #waiter = new EntryWaiter();

  #items: readonly Item[] = $state.raw([]);
  #head: Seq = $state(0);
  #first: Seq = $state(0);
  #last: Seq = $state(0);
  #loading: LoadedPart | null = $state(null);
  #failure: LoadFailure | null = $state.raw(null);
  #jump: Jump | null = $state.raw(null);
  /** The jump that was given up when its place couldn't be loaded. It is made when the load is repeated. */
  #abandoned: Jump | null = null;

  #isOpen = false;
  /** `true` if the room was opened without a connection, when only what is on this device is known of its members. */
  #openedOffline = false;
  #reader: Seq = Number.MAX_SAFE_INTEGER;
  /** The place that the user reads or has read last, unless it is near the present. The next visit begins there. */
  #readingPlace: ReadingPlace | null = null;
  #loadTimer: ReturnType<typeof setTimeout> | undefined;
  /** Counts the jumps, so that a search that was overtaken by another jump has no effect. */
  #jumps = 0;

  constructor(context: NavigatorContext) {
    this.#context = context;
  }

  get items() {
    return this.#items;
  }
  get head() {
    return this.#head;
  }
  get loading() {
    return this.#loading;
  }
  get failure() {
    return this.#failure;
  }
  get isOpen() {
    return this.#isOpen;
  }
  /** `true` if the newest entry is loaded. Only then does the timeline follow new entries. */
  get atPresent() {
    return this.#last >= this.#head;
  }
  /** `true` if the first entry of the log is loaded. */
  get atStart() {
    return this.#first === 1;
  }
  /** `true` if loading more at one end drops entries at the other. */
  get isFull() {
    return this.#items.length > 0 && this.#window.isFull;
  }
  /** The requested jump, once its place is loaded. */
  get jump(): Jump | null {
    const jump = this.#jump;
    return jump && this.#isLoaded(jump) ? jump : null;
  }
  /** `true` from the request of a jump until it has ended or was given up. Until then the user's position doesn't count. */
  get isMoving() {
    return this.#jump !== null && (this.#loading !== null || this.#isLoaded(this.#jump));
  }

  /** Returns whether an entry is loaded. */
  contains(seq: Seq): boolean {
    return this.#last > 0 && seq >= this.#first && seq <= this.#last;
  }

  find(id: EntryId): Item | undefined {
    return this.#window.find(id);
  }

  // The visit: from opening the room until another one is opened.

  /**
   * Opens the room where the user left it. If that was near the present, or they weren't here before, opens it at the first unread
   * entry, or at the present if there is none. Requests the newest entries.
   */
  open(firstUnread: Seq | null): void {
    this.#isOpen = true;
    this.#openedOffline = !this.#context.isOnline();
    this.#failure = null;
    this.#reader = Number.MAX_SAFE_INTEGER;
    this.#jumps++;
    this.#jump = this.#firstJump(firstUnread);
    if (this.#jump.to !== "present" && !this.#window.contains(this.#jump.seq)) {
      this.#clear();
      this.#request({ command: "open", room: this.#context.room });
      this.#loadPlace(this.#jump.seq);
      return;
    }
    if (!this.atPresent || (this.#window.isEmpty && this.#head > 0)) {
      // The newest entries are the answer to `open`.
      this.#window.target = { end: this.#head };
      this.#startLoading("place");
    }
    this.#request({ command: "open", room: this.#context.room });
  }

  close(): void {
    this.#isOpen = false;
    this.#jumps++;
    this.#jump = this.#abandoned = null;
    this.#failure = null;
    this.#stopLoading();
    this.#reader = Number.MAX_SAFE_INTEGER;
    this.#window.target = null;
    if (this.atPresent) this.#window.shrink();
    else this.#window.clear();
    this.#publish();
  }

  /** Starts again from an empty log, because the server has another one. */
  reset(): void {
    this.#clear();
    this.#readingPlace = null;
    this.#head = 0;
    this.#failure = null;
    this.#stopLoading();
    if (!this.#isOpen) return;
    this.#jump = { to: "present" };
    this.#loadPresent();
  }

  // Updates from the back end.

  setHead(seq: Seq): void {
    this.#head = Math.max(this.#head, seq);
  }

  /**
   * Applies entries: live, missed or requested ones. An empty list says that nothing was missed, or that nothing is on this
   * device.
   */
  apply(entries: readonly Entry[], later: readonly Entry[]): boolean {
    // The page of a room that was closed meanwhile would leave the window in the middle of the log.
    if (!this.#isOpen && this.#window.isEmpty) return false;
    const { first, last } = this.#window;
    const changed = this.#window.apply(entries, later, this.#reader);
    if (changed) this.#publish();
    const grewUp = this.#window.first < first || first === 0;
    const moved = this.#window.first !== first || this.#window.last !== last;
    // Entries that arrive live are no answer to a request for older ones.
    if (moved && (grewUp || this.#loading !== "older")) this.#onMoved();
    // The server may send an empty page at any time, to say that nothing was missed. That answers no request.
    if (entries.length === 0 && this.#context.isOnline()) return changed;
    if (entries.length === 0) this.#fail("offline");
    this.#waiter.onEntries(entries);
    return changed;
  }

  /** Ends the load that the server refused, or the search for the entry with this id. */
  onRefused({ message }: WireError, id?: EntryId): void {
    const wasSearched = this.#waiter.onRefused(id);
    // Searches by time name no entry. A load that is under way beside one may be answered, and ends by itself if it isn't.
    if (id === undefined && !wasSearched) this.#fail({ message });
  }

  /** Ends all loads: their answers are lost with the connection. */
  onDisconnected(): void {
    this.#fail("offline");
  }

  /** Repeats the loads that have failed or were not answered before the connection was lost. */
  onReconnected(): void {
    if (!this.#isOpen) return;
    if (this.#loading !== null) this.#fail("offline");
    // The members are part of the answer, too.
    if (this.#openedOffline || this.#failure?.part === "place")
      this.#request({ command: "open", room: this.#context.room });
    this.#openedOffline = false;
    this.retry();
  }

  // Loading.

  loadOlder(): void {
    if (this.#canLoad("older") && !this.atStart) this.#load("older", { before: this.#first });
  }

  loadNewer(): void {
    if (this.#canLoad("newer") && !this.atPresent) this.#load("newer", { after: this.#last });
  }

  /** Repeats the load that has failed. */
  retry(): void {
    const part = this.#failure?.part;
    this.#failure = null;
    if (part === "older") this.loadOlder();
    else if (part === "newer") this.loadNewer();
    else if (part === "place") this.#reload();
  }

  // Jumps.

  /**
   * Sets the reader's position, around which entries are kept in memory, and the place to return to unless it is near
   * the present. Where nothing is loaded nobody reads, and the place of the last visit stays.
   */
  setReaderPosition(seq: Seq, place: ReadingPlace | null): void {
    if (this.isMoving || this.#window.isEmpty) return;
    this.#reader = seq;
    this.#readingPlace = place;
  }

  jumpToPresent(): void {
    this.#startJump({ to: "present" });
    if (!this.atPresent) this.#loadPresent();
  }

  jumpTo(jump: Exclude<Jump, { to: "present" }>): void {
    this.#startJump(jump);
    this.#loadPlace(jump.seq);
  }

  /** Jumps to a message. One that isn't loaded is searched for. Returns `false` if it isn't found. */
  async jumpToMessage(id: EntryId): Promise<boolean> {
    const loaded = this.find(id);
    if (loaded) {
      this.jumpTo({ to: "message", seq: loaded.seq, id });
      return true;
    }
    const jump = ++this.#jumps;
    const entry = await this.#waiter.findById(id, this.#searchContext);
    if (jump !== this.#jumps) return true;
    if (entry) this.jumpTo({ to: "message", seq: entry.seq, id });
    return entry !== null;
  }

  /** Jumps to the first entry that was written at `time` or later, or to the last one if all are earlier. */
  async jumpToTime(time: number): Promise<TimeSearchEnd> {
    const jump = ++this.#jumps;
    const entry = await this.#waiter.findByTime(time, { ...this.#searchContext, head: this.#head });
    if (jump !== this.#jumps) return "overtaken";
    if (!entry) return null;
    this.jumpTo({ to: "message", seq: entry.seq });
    return { at: await this.#shownTime(entry) };
  }

  /** Returns the times of the first and of the last entry, or null if they can't be loaded, or the log isn't known. */
  async timeRange(): Promise<{ first: number; last: number } | null> {
    if (this.#head < 1) return null;
    const ends = [1, this.#head].map((seq) => this.#waiter.findBySeq(seq, this.#searchContext));
    const [first, last] = await Promise.all(ends);
    return first && last ? { first: first.at, last: last.at } : null;
  }

  /** Ends a jump, because the timeline has scrolled there. */
  endJump(jump: Jump): void {
    if (this.#jump === jump) this.#jump = null;
  }

  /** Returns the time of the item that a jump to an entry shows: an amendment has none, and the next item is shown. */
  async #shownTime({ seq, at, body }: Entry): Promise<number> {
    if (propertiesOf(body).inTimeline) return at;
    // It arrives with its page.
    if (this.#window.target !== null) await this.#waiter.findBySeq(seq, this.#searchContext);
    if (this.#window.target !== null) return at;
    const shown = this.#items.find((item) => item.seq >= seq) ?? this.#items.at(-1);
    return shown?.at ?? at;
  }

  get #searchContext(): SearchContext {
    const { room, command } = this.#context;
    return { room, request: (wanted) => void command(wanted).catch(() => undefined) };
  }

  /** Returns the jump with which a visit begins. */
  #firstJump(firstUnread: Seq | null): Jump {
    const place = this.#readingPlace;
    // Without a connection it may not be there.
    if (place && (this.#context.isOnline() || this.#window.contains(place.seq)))
      return { to: "message", quiet: true, ...place };
    return firstUnread === null ? { to: "present" } : { to: "new", seq: firstUnread };
  }

  /** Lets the next visit begin at what is new, because that is why the user comes. */
  forgetReadingPlace(): void {
    this.#readingPlace = null;
  }

  #startJump(jump: Jump): void {
    this.#jumps++;
    this.#jump = jump;
    this.#abandoned = null;
    this.#reader = jump.to === "present" ? Number.MAX_SAFE_INTEGER : jump.seq;
    this.#window.target = null;
    if (this.#loading === "place") this.#stopLoading();
    if (this.#failure?.part === "place") this.#failure = null;
  }

  #isLoaded(jump: Jump): boolean {
    // The window must be read reactively.
    const [first, last] = [this.#first, this.#last];
    if (last === 0) return this.#head === 0 && this.#loading === null && this.#failure === null;
    // An end that can't be loaded at the moment is as far as the jump gets.
    const isEnd = this.atPresent || (this.#failure?.part === "newer" && this.#window.target === null);
    if (jump.to === "present") return isEnd && this.#window.target === null;
    return (jump.seq >= first && jump.seq <= last) || (jump.seq > this.#head && isEnd);
  }

  #loadPlace(seq: Seq): void {
    if (this.#window.contains(seq)) return;
    if (seq > this.#head) return this.#loadPresent();
    this.#window.target = { seq };
    this.#load("place", { after: Math.max(0, seq - 1 - pageSize / 2) });
  }

  #loadPresent(): void {
    if (this.atPresent && !this.#window.isEmpty) return;
    this.#window.target = { end: this.#head };
    this.#load("place", {});
  }

  /** Requests the place of the jump again, or the present if there is none. */
  #reload(): void {
    const jump = this.#jump ?? this.#abandoned ?? { to: "present" };
    if (jump.to === "present") this.jumpToPresent();
    else this.jumpTo(jump);
  }

  #canLoad(part: LoadedPart): boolean {
    return !this.#window.isEmpty && this.#loading === null && this.#failure?.part !== part;
  }

  #load(part: LoadedPart, range: { before?: Seq; after?: Seq }): void {
    this.#startLoading(part);
    this.#request({ command: "history", room: this.#context.room, range: { ...range, limit: pageSize } });
  }

  #request(command: Command): void {
    this.#context.command(command).catch((error: unknown) => this.#fail({ message: errorMessage(error) }));
  }

  #startLoading(part: LoadedPart): void {
    this.#stopLoading();
    this.#loading = part;
    if (this.#failure?.part === part || part === "place") this.#failure = null;
    this.#loadTimer = setTimeout(() => this.#fail("unanswered"), loadTimeoutMs);
  }

  #stopLoading(): void {
    clearTimeout(this.#loadTimer);
    this.#loading = null;
  }

  #onMoved(): void {
    // A page for one end may arrive after a jump was requested; the load of the place goes on.
    if (this.#window.target !== null) return;
    this.#failure = null;
    this.#stopLoading();
    // The log has grown while the newest page was on its way.
    if (this.#jump?.to === "present") this.loadNewer();
  }

  #fail(reason: LoadFailure["reason"]): void {
    const part = this.#loading;
    if (part === null) return;
    this.#stopLoading();
    this.#failure = { part, reason };
    // In an empty room the jump remains, for a late answer.
    if (part !== "place" || this.#window.isEmpty) return;
    this.#abandoned = this.#jump;
    this.#jump = null;
    this.#window.target = null;
  }

  #clear(): void {
    this.#window.clear();
    this.#publish();
  }

  #publish(): void {
    this.#items = this.#window.items;
    this.#first = this.#window.first;
    this.#last = this.#window.last;
  }
}
