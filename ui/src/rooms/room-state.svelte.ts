import type { Body, Entry, EntryId, Head, Member, MemberId, Name, RoomSummary, Seq } from "../backend/protocol";
import type { Command, OutboxItem } from "../backend/session-types";
import { keyFingerprints } from "../people/confusables";
import { errorMessage } from "../shared/errors";
import { timeOfId } from "../shared/ids";
import { EntryWaiter } from "./entry-waiter";
import type { Item } from "./fold";
import { Outbox } from "./outbox.svelte";
import { ReadState } from "./read-state.svelte";
import { LogWindow, pageSize } from "./log-window";

/** What a room asks of its server. */
export interface RoomContext {
  me(): MemberId;
  /** Under which name somebody is here right now. */
  nameOf(member: MemberId): Name | undefined;
  /** Rejects after the person has been told. */
  command(command: Command): Promise<void>;
  /** Whether a person looks at this room right now: it is open, and the window is in front. */
  isWatched(room: string): boolean;
}

/** A place that the timeline is to show. Each is a new object, so that jumping twice to one place works. */
export interface Jump {
  to: EntryId | "new" | "present";
}

export class RoomState {
  readonly id: string;
  readonly outbox: Outbox;
  readonly #context: RoomContext;
  readonly #log = new LogWindow();
  readonly #readState: ReadState;

  #summary: RoomSummary;
  #logItems: readonly Item[] = $state.raw([]);
  #members: readonly Member[] = $state.raw([]);
  #typing: readonly MemberId[] = $state.raw([]);
  #jump: Jump | null = $state.raw(null);
  #head: Seq = $state(0);
  #first: Seq = $state(0);
  #last: Seq = $state(0);
  #loading: "older" | "newer" | "place" | null = $state(null);

  readonly #names = $derived(new Map(this.#members.map((member) => [member.id, member.name])));
  /** With those who have left: what they wrote still stands there. */
  readonly #fingerprints = $derived.by(() =>
    keyFingerprints(this.#members.map(({ id, name }) => ({ id, name: this.#context.nameOf(id) ?? name }))),
  );
  readonly #items = $derived.by(() => this.outbox.applyPendingChanges(this.#logItems));
  readonly #waiting = $derived.by(() => this.outbox.messages());

  #visited = false;
  #reader: Seq = Number.MAX_SAFE_INTEGER;
  readonly #quoted = new Map<EntryId, Item>();
  readonly #entryWaiter = new EntryWaiter();

  constructor(summary: RoomSummary, context: RoomContext) {
    this.id = summary.id;
    this.#context = context;
    this.outbox = new Outbox(() => context.me());
    this.#readState = new ReadState((seq) => void this.#command({ command: "read", room: this.id, seq }));
    this.#summary = $state.raw(summary);
    this.summarise(summary);
  }

  get name() {
    return this.#summary.name;
  }
  get topic() {
    return this.#summary.topic;
  }
  get joined() {
    return this.#summary.joined;
  }
  get unread() {
    return this.#summary.unread;
  }
  get items() {
    return this.#items;
  }
  get waiting() {
    return this.#waiting;
  }
  get members() {
    return this.#members;
  }
  get typing() {
    return this.#typing;
  }
  get newLine() {
    return this.#readState.newLine;
  }
  get jump() {
    return this.#jump;
  }
  get loading() {
    return this.#loading;
  }
  /** Whether the newest entry is held: only then does the timeline follow. */
  get atPresent() {
    return this.#last >= this.#head;
  }
  /** Whether the very first entry is held. */
  get atStart() {
    return this.#first === 1;
  }
  get head() {
    return this.#head;
  }

  nameOf(member: MemberId): string | undefined {
    return this.#names.get(member);
  }

  /** What tells somebody from others here whose names look the same; nobody else has one. */
  fingerprintOf(member: MemberId): string | undefined {
    return this.#fingerprints.get(member);
  }

  find(id: EntryId): Item | undefined {
    return this.#items.find((item) => item.id === id);
  }

  /** A message that is quoted: from what is held, or from what was quoted before it went out of sight. */
  recall(id: EntryId): Item | undefined {
    const item = this.find(id);
    if (item) this.#quoted.set(id, item);
    return item ?? this.#quoted.get(id);
  }

  /** One's own newest message, for ↑ in an empty composer. */
  get lastOwn(): Item | undefined {
    const me = this.#context.me();
    return this.#items.findLast((item) => item.author === me && item.body.kind === "message" && !item.deleted);
  }

  // What comes up.

  summarise(summary: RoomSummary): void {
    this.#summary = summary;
    this.#readState.known(summary.read);
    this.#head = Math.max(this.#head, summary.head.seq);
  }

  notJoined(): void {
    this.#summary = { ...this.#summary, joined: false, unread: 0 };
  }

  /** The one way by which entries come in: live, caught up or loaded. */
  apply(entries: readonly Entry[], later: readonly Entry[], head: Head): void {
    const known = this.#head;
    this.#head = Math.max(known, head.seq);
    if (!this.#visited) return;
    const { first, last } = this.#log;
    const changed = this.#log.apply(entries, later, head.seq, this.#reader);
    if (this.#log.first !== first || this.#log.last !== last || entries.length === 0) this.#loading = null;
    if (changed) this.#publish();
    if (changed && !this.#context.isWatched(this.id)) {
      this.#readState.missed(
        entries.filter(({ seq }) => seq > known),
        this.#context.me(),
      );
    }
    this.#entryWaiter.resolve(entries);
  }

  reset(): void {
    this.#log.clear();
    this.#head = 0;
    this.#readState.dropLine();
    this.#publish();
    if (this.#visited) this.#load("place", {});
  }

  setMembers(members: readonly Member[]): void {
    this.#members = members;
  }

  setTyping(members: readonly MemberId[]): void {
    this.#typing = members;
  }

  /** The connection is back: what was asked for and never answered is asked for again. */
  reconnected(): void {
    const { target, empty } = this.#log;
    this.#loading = null;
    if (this.#jump === null || (target === null && !empty)) return;
    void this.#command({ command: "open", room: this.id });
    if (typeof target === "number") this.#showPlace(target);
    else this.#load("place", {});
  }

  // A visit.

  visit(): void {
    this.#visited = true;
    this.#reader = Number.MAX_SAFE_INTEGER;
    const { unread, read } = this.#summary;
    this.#readState.begin(read, unread);
    void this.#command({ command: "open", room: this.id });
    if (unread > 0 && !this.#log.holds(read + 1)) {
      this.#log.clear();
      this.#publish();
      this.#showPlace(read + 1);
    } else if (this.#log.empty) {
      this.#loading = "place";
    }
    this.#jump = { to: unread > 0 ? "new" : "present" };
  }

  leave(): void {
    this.#readState.dropLine();
    this.#jump = null;
    if (this.atPresent) this.#log.shrink();
    else this.#log.clear();
    this.#publish();
  }

  /** Says which place is looked at, so that memory is kept around it. */
  looksAt(seq: Seq): void {
    this.#reader = seq;
  }

  /** What was on screen while a person looked is read. */
  seen(seq: Seq): void {
    this.#readState.seen(seq);
  }

  /** Everything is read, the line goes, and the newest is shown. */
  readAll(): void {
    this.#readState.all(this.#head);
    this.toPresent();
  }

  markUnread(item: Item): void {
    const count = this.#items.filter((other) => other.seq >= item.seq && other.body.kind === "message").length;
    this.#readState.unreadFrom(item.seq, count);
  }

  // Moving about.

  loadOlder(): void {
    if (!this.#log.empty && !this.atStart && this.#loading === null) this.#load("older", { before: this.#first });
  }

  loadNewer(): void {
    if (!this.#log.empty && !this.atPresent && this.#loading === null) this.#load("newer", { after: this.#last });
  }

  toPresent(): void {
    if (!this.atPresent) {
      this.#log.target = "present";
      this.#load("place", {});
    }
    this.#jump = { to: "present" };
  }

  toNewLine(): void {
    if (this.newLine) this.#showPlace(this.newLine.after + 1);
    this.#jump = { to: "new" };
  }

  /** Shows a message. One that isn't held is found by the time that its id holds. */
  async toMessage(id: EntryId): Promise<void> {
    if (!this.find(id)) await this.toTime(timeOfId(id) - 1000);
    this.#jump = { to: id };
  }

  /** Shows the first entry that was written at `time` or later. */
  async toTime(time: number): Promise<void> {
    const request = (command: Command) => void this.#command(command);
    const seq = await this.#entryWaiter.findByTime(time, { room: this.id, head: this.#head, request });
    if (seq === null) return;
    if (!this.#log.holds(seq)) await this.#entryWaiter.waitFor(seq, () => this.#showPlace(seq));
    const item = this.#items.find((candidate) => candidate.seq >= seq);
    if (item) this.#jump = { to: item.id };
  }

  // What a person does.

  send(text: string, replyTo?: EntryId): void {
    this.post(replyTo ? { kind: "message", text, reply_to: replyTo } : { kind: "message", text });
    this.#readState.dropLine();
    this.toPresent();
  }

  react(item: Item, emoji: string): void {
    const me = this.#context.me();
    const on = !item.reactions.some((reaction) => reaction.emoji === emoji && reaction.members.includes(me));
    this.post({ kind: "react", to: item.id, emoji, on });
  }

  /** Shows it at once; the back end's own list confirms it, and the log's entry replaces it. */
  post(body: Body): void {
    this.#send(this.outbox.add(this.id, body));
  }

  /** Sends what was refused once more: under its id and in its place, so that it can't stand there twice. */
  retry(id: EntryId): void {
    const unheard = this.outbox.retry(id);
    if (unheard) this.#send(unheard);
    else
      this.#context
        .command({ command: "retry", id })
        .catch((error: unknown) => this.outbox.markFailed(id, errorMessage(error)));
  }

  discard(id: EntryId): void {
    const putBack = this.outbox.discard(id);
    this.#context.command({ command: "discard", id }).catch(putBack);
  }

  typingNow(on: boolean): void {
    void this.#command({ command: "typing", room: this.id, on });
  }

  // Within.

  #send({ id, room, body, written }: OutboxItem): void {
    this.#context
      .command({ command: "send", room, id, body, written })
      .catch((error: unknown) => this.outbox.markFailed(id, errorMessage(error)));
  }

  /** For what needs no answer here: the context has told the person, and what is waited for is asked again. */
  #command(command: Command): Promise<void> {
    return this.#context.command(command).catch(() => {
      this.#loading = null;
    });
  }

  #load(what: "older" | "newer" | "place", range: { before?: Seq; after?: Seq }): void {
    this.#loading = what;
    void this.#command({ command: "history", room: this.id, range: { ...range, limit: pageSize } });
  }

  #showPlace(seq: Seq): void {
    if (this.#log.holds(seq)) return;
    this.#log.target = seq;
    this.#load("place", { after: Math.max(0, seq - 1 - pageSize / 2) });
  }

  #publish(): void {
    this.#logItems = this.#log.items;
    this.#first = this.#log.first;
    this.#last = this.#log.last;
    this.outbox.removeCommitted((id) => this.#log.find(id) !== undefined);
  }
}
