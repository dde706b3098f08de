import { canonicalEmoji } from "../backend/emoji";
import { targetOf } from "../backend/entry-kinds";
import {
  limits,
  type Body,
  type Entry,
  type EntryId,
  type Head,
  type Member,
  type MemberId,
  type Name,
  type RoomId,
  type RoomSummary,
  type Seq,
  type ServerId,
} from "../backend/protocol";
import type { Command, OutboxItem } from "../backend/session-types";
import { nameColour, nameColours } from "../people/name-colour";
import type { Clock } from "../shared/clock.svelte";
import { errorMessage } from "../shared/errors";
import type { KeyValueStorage } from "../shared/storage";
import { strings } from "../shared/strings";
import { wellFormed } from "../shared/well-formed";
import type { Item } from "./fold";
import { LogNavigator } from "./log-navigator.svelte";
import { MentionCounter } from "./mention-counter.svelte";
import { isRoomChange, Outbox, type PendingMessage } from "./outbox.svelte";
import { Quotes } from "./quotes.svelte";
import type { ChosenMention } from "./chosen-mentions";
import { RoomMentions } from "./room-mentions.svelte";
import { RoomVisit } from "./room-visit.svelte";

/** The part of a server that its rooms use. */
export interface RoomContext {
  readonly clock: Clock;
  readonly server: ServerId;
  /** The storage of this device. */
  readonly storage: KeyValueStorage;
  me(): MemberId;
  /** Returns the name under which a member is online now. */
  nameOf(member: MemberId): Name | undefined;
  /** Passes a command to the back end. A rejection has already been shown to the user. */
  command(command: Command): Promise<void>;
  /** Returns whether the user sees this room now: it is open, and the window has the focus. */
  isWatched(room: RoomId): boolean;
  /** Returns whether there is a connection to the server. */
  isOnline(): boolean;
  showNotice(text: string): void;
}

/** A room as the interface shows it: the loaded part of its log, the outbox, the visit and the members. */
export class RoomState {
  readonly id: RoomId;
  readonly outbox: Outbox;
  /** The loaded part of the log, and the user's way through it. */
  readonly log: LogNavigator;
  readonly mentions: RoomMentions;
  readonly visit: RoomVisit;
  readonly #context: RoomContext;
  readonly #unreadMentions: MentionCounter;
  readonly #quotes = new Quotes();

  #summary: RoomSummary;
  #members: readonly Member[] = $state.raw([]);
  #knowsAllMembers = $state(true);
  #typing: readonly MemberId[] = $state.raw([]);

  readonly #names = $derived(new Map(this.#members.map((member) => [member.id, member.name])));
  /** Where only some of the members are known, which differ from device to device, the id alone decides. */
  readonly #nameColours = $derived(this.#knowsAllMembers ? nameColours(this.#members) : null);
  readonly #items = $derived.by(() => this.outbox.applyPendingChanges(this.log.items));
  readonly #pendingMessages = $derived.by(() => this.outbox.pendingMessages());

  #openedOnce = false;
  /** The last entry that arrived, or null after a reset. `head` can be ahead: after a reconnect the summary comes first. */
  #arrived: Seq | null;
  /** The end of the log when the server first reported it. What was written before the start of this page isn't news. */
  #newsAfter: Seq | null = null;

  constructor(summary: RoomSummary, context: RoomContext) {
    this.id = summary.id;
    this.#context = context;
    this.log = new LogNavigator({
      room: summary.id,
      command: (command) => context.command(command),
      isOnline: () => context.isOnline(),
    });
    this.mentions = new RoomMentions({
      me: () => context.me(),
      members: () => this.#members,
      nameOf: (member) => context.nameOf(member),
      findMessage: (id) => this.findMessage(id),
    });
    this.#unreadMentions = new MentionCounter(`mentions ${context.server} ${summary.id}`, context.storage);
    this.outbox = new Outbox(() => context.me(), context.clock);
    this.visit = new RoomVisit(this, (seq) => void this.#command({ command: "read", room: this.id, seq }));
    this.#summary = $state.raw(summary);
    this.#arrived = summary.head.seq;
    this.setSummary(summary);
  }

  get clock(): Clock {
    return this.#context.clock;
  }
  get me(): MemberId {
    return this.#context.me();
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
  /** The read marker of the server. */
  get read() {
    return this.#summary.read;
  }
  get unread() {
    return this.#summary.unread;
  }
  /** The number of unread messages that mention the user, as far as this device has received them. */
  get unreadMentions() {
    return this.unread === 0 ? 0 : this.#unreadMentions.countAfter(this.#summary.read);
  }
  get items() {
    return this.#items;
  }
  get pendingMessages() {
    return this.#pendingMessages;
  }
  /** The known members. There may be others: see `knowsAllMembers`. */
  get members() {
    return this.#members;
  }
  get knowsAllMembers() {
    return this.#knowsAllMembers;
  }
  /** Returns the class that colours a member's name. */
  nameColourOf(member: MemberId): string {
    return this.#nameColours?.get(member) ?? nameColour(member);
  }
  get memberCount() {
    return this.#summary.members;
  }
  get typing() {
    return this.#typing;
  }

  nameOf(member: MemberId): string | undefined {
    return this.#names.get(member);
  }

  find(id: EntryId): Item | undefined {
    return this.#items.find((item) => item.id === id);
  }

  /** Returns a quoted message: a loaded one, or one that was quoted while it was loaded. */
  findQuoted(id: EntryId): Item | undefined {
    return this.#quotes.find(id, this.find(id)) ?? this.pendingMessage(id)?.item;
  }

  /** Returns a message that is not in the log yet. */
  pendingMessage(id: EntryId): PendingMessage | undefined {
    return this.#pendingMessages.find(({ item }) => item.id === id);
  }

  /** Returns a message, in the log or not. */
  findMessage(id: EntryId): Item | undefined {
    return this.find(id) ?? this.pendingMessage(id)?.item;
  }

  /** The user's newest message, sent or not, which ↑ in an empty composer edits. */
  get lastOwnMessage(): Item | undefined {
    const { me } = this;
    const pending = this.#pendingMessages.map(({ item }) => item).findLast(({ deleted }) => !deleted);
    return pending ?? this.#items.findLast((item) => item.author === me && item.isMessage && !item.deleted);
  }

  // Updates from the server.

  setSummary(summary: RoomSummary): void {
    this.#summary = summary;
    this.visit.setRead(summary.read);
    this.log.setHead(summary.head.seq);
  }

  markNotJoined(): void {
    this.#summary = { ...this.#summary, joined: false, unread: 0 };
  }

  /** Counts what is written from now on as news, because the server has reported the end of the log. */
  startNews(): void {
    this.#newsAfter ??= this.log.head;
  }

  /**
   * Applies entries. All of them arrive here: live ones, and those that were missed or loaded. Returns the news among them:
   * entries that arrive for the first time and that the user has not read elsewhere.
   */
  apply(entries: readonly Entry[], later: readonly Entry[], head: Head): readonly Entry[] {
    const arrived = this.#arrived ?? head.seq;
    const known = Math.max(arrived, this.#summary.read, this.#newsAfter ?? Infinity);
    this.#arrived = Math.max(arrived, entries.at(-1)?.seq ?? 0);
    this.log.setHead(head.seq);
    this.#quotes.forgetDeleted([...entries, ...later]);
    this.#unreadMentions.add(
      [...entries, ...later],
      this.me,
      (entry) => this.mentions.mentionsMe(entry),
      (id) => this.log.find(id)?.seq,
    );
    if (this.#openedOnce && this.log.apply(entries, later)) {
      this.outbox.removeCommitted((id) => this.log.find(id) !== undefined);
      for (const id of this.outbox.replacedBy(entries)) this.discard(id);
      const unseen = this.#context.isWatched(this.id) ? [] : entries.filter(({ seq }) => seq > arrived);
      this.visit.addUnseen(unseen);
    }
    return entries.filter(({ seq }) => seq > known);
  }

  /** Forgets what this device remembers of the room. */
  forget(): void {
    this.#unreadMentions.clear();
  }

  reset(): void {
    this.#arrived = null;
    if (this.#newsAfter !== null) this.#newsAfter = 0;
    this.#quotes.clear();
    this.#unreadMentions.clear();
    this.visit.dismissNewLine();
    this.log.reset();
  }

  setMembers(members: readonly Member[], isPartial = false): void {
    this.#members = members;
    this.#knowsAllMembers = !isPartial;
  }

  /** Looks for the members whose names begin with a text. They are added to the known ones. */
  findMembers(query: string): void {
    void this.#command({ command: "find_members", room: this.id, query: query.slice(0, limits.maxNameChars) });
  }

  setTyping(members: readonly MemberId[]): void {
    this.#typing = members;
  }

  // The visit.

  open(): void {
    this.#openedOnce = true;
    // The line of the visit counts all messages up to here.
    if (this.#arrived !== null) this.#arrived = Math.max(this.#arrived, this.log.head);
    this.visit.begin();
  }

  close(): void {
    this.#quotes.clear();
    this.visit.end();
  }

  // The user's actions.

  /**
   * Sends a message and shows it at the end. A reply to unread messages that are being read keeps the place there. Resolves
   * when the message is stored safely, or can't be. `chosen` is as in `post`.
   */
  send(text: string, replyTo?: EntryId, chosen?: readonly ChosenMention[]): Promise<void> {
    const body: Body = replyTo ? { kind: "message", text, reply_to: replyTo } : { kind: "message", text };
    const stored = this.post(body, chosen);
    if (replyTo !== undefined && this.unread > 0 && this.visit.newLine && this.find(replyTo)) {
      this.#context.showNotice(strings.chat.sentAtEnd);
      return stored;
    }
    this.visit.dismissNewLine();
    this.log.jumpToPresent();
    return stored;
  }

  react(item: Item, chosen: string): void {
    const emoji = canonicalEmoji(chosen) ?? chosen;
    const { me } = this;
    const on = !item.reactions.some((reaction) => reaction.emoji === emoji && reaction.members.includes(me));
    void this.post({ kind: "react", to: item.id, emoji, on });
  }

  /**
   * Posts an entry. It is shown at once; later the back end's list confirms it, and the log's entry replaces it. Resolves
   * when it is stored safely, or can't be. By a name that several people have, a text mentions the one in `chosen`.
   */
  post(body: Body, chosen: readonly ChosenMention[] = []): Promise<void> {
    return this.#send(this.outbox.add(this.id, this.mentions.addTo(wellFormed(body), chosen)));
  }

  /** Sends a failed post again, with the same id and in the same position, so that it can't be duplicated. */
  retry(id: EntryId): void {
    const unconfirmed = this.outbox.retry(id);
    if (unconfirmed) void this.#send(unconfirmed);
    else
      this.#context
        .command({ command: "retry", id })
        .catch((error: unknown) => this.outbox.markFailed(id, errorMessage(error)));
  }

  discard(id: EntryId): void {
    const undo = this.outbox.discard(id);
    this.#context.command({ command: "discard", id }).catch(undo);
  }

  /**
   * Discards the user's refused edits of messages that have been deleted meanwhile, and returns them. Their texts exist nowhere
   * else.
   */
  takeOrphanedEdits(): (Body & { kind: "edit" })[] {
    return this.outbox.orphanedChanges.flatMap(({ id, body }) => {
      if (body.kind !== "edit" || !this.#isGone(body.of)) return [];
      this.discard(id);
      return [body];
    });
  }

  /**
   * Discards the user's refused deletions of messages that are gone, and reactions to them. Returns the errors of deletions that
   * may have failed otherwise: what isn't loaded may be damaged on the server.
   */
  discardOrphanedChanges(): string[] {
    return this.outbox.orphanedChanges.flatMap(({ id, body, state }) => {
      const target = targetOf(body);
      if (body.kind === "edit" || !this.#isGone(target)) return [];
      this.discard(id);
      const isExplained = body.kind !== "delete" || this.findMessage(target) !== undefined;
      return isExplained || state.state !== "failed" ? [] : [state.error.message];
    });
  }

  /** Returns whether a message has been deleted, or is nowhere to be seen. */
  #isGone(id: EntryId): boolean {
    return this.findMessage(id)?.deleted ?? true;
  }

  /** Takes back a message that is not in the log yet. One that may have been sent already is deleted when it is there. */
  withdraw(id: EntryId): void {
    if (this.pendingMessage(id)?.state === "failed") this.discard(id);
    else void this.post({ kind: "delete", of: id });
  }

  sendTyping(on: boolean): void {
    void this.#command({ command: "typing", room: this.id, on });
  }

  /**
   * Reports that the user edits a message that waits to be sent, which then waits for the edit as well; or has stopped. There is
   * nothing to report about a message that was sent meanwhile.
   */
  sendEditing(id: EntryId, on: boolean): void {
    if (this.pendingMessage(id)) void this.#command({ command: "editing", id, on });
  }

  #send({ id, room, body, written }: OutboxItem): Promise<void> {
    return this.#context.command({ command: "send", room, id, body, written }).catch((error: unknown) => {
      if (isRoomChange(body)) this.outbox.discard(id);
      else this.outbox.markFailed(id, errorMessage(error));
    });
  }

  /** Sends a command whose failure needs no handling here: it was shown to the user, and the request can be repeated. */
  #command(command: Command): Promise<void> {
    return this.#context.command(command).catch(() => undefined);
  }
}
