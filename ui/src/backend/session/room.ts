/** One room: its summary, its log, its unread count and its members. */

import type { Entry, MemberId, RoomId, RoomSummary, Seq } from "../protocol";
import type { RoomCursor, Update } from "../session-types";
import { Log } from "./log";
import { KnownMembers } from "./members";
import { project } from "./projection";
import { Unread } from "./unread";

/** The parts of a room that an entry changed. */
interface RoomChanges {
  summary: boolean;
  members: boolean;
}

export class Room {
  #summary: RoomSummary;
  /** The last entry that the summary covers. Later ones change it. */
  #asOf: Seq;
  readonly log: Log;
  readonly unread: Unread;
  readonly members: KnownMembers;

  static persisted({ room, epoch, first, last, members = [], members_partial = false }: RoomCursor): Room {
    return new Room(room, Log.persisted(epoch, first, last), KnownMembers.persisted(members, members_partial));
  }

  constructor(summary: RoomSummary, log = new Log(), members = new KnownMembers()) {
    this.members = members;
    this.#summary = summary;
    this.#asOf = summary.head.seq;
    this.log = log;
    this.unread = new Unread(summary, log.last);
  }

  /** Takes over the server's summary. Returns whether it is worth a write to the disk. */
  applyServerSummary(summary: RoomSummary): boolean {
    const old = this.#summary;
    // With a new epoch, the replica's entries belong to an old history.
    const changed =
      old.head.epoch !== summary.head.epoch ||
      old.name !== summary.name ||
      old.topic !== summary.topic ||
      old.members !== summary.members ||
      old.joined !== summary.joined ||
      this.unread.read !== summary.read;
    this.#asOf = summary.head.seq;
    this.unread.applyServerSummary(summary);
    this.#summary = summary;
    return changed;
  }

  /** Applies the server's head to the log. Returns false if the log contradicts it. */
  matchesServerHead(): boolean {
    return this.log.updateHead(this.#summary.head);
  }

  get isJoined(): boolean {
    return this.#summary.joined;
  }

  leave(): void {
    this.#summary = { ...this.#summary, joined: false };
  }

  /** Returns the summary as of the last entry. */
  summary(): RoomSummary {
    return {
      ...this.#summary,
      head: this.log.headOr(this.#summary.head),
      read: this.unread.read,
      unread: this.unread.count,
    };
  }

  /** Applies the entry that follows the last one. */
  append(entry: Entry, me: MemberId): RoomChanges {
    const { count, read } = this.unread;
    this.unread.append(entry, me);
    const unreadChanged = count !== this.unread.count || read !== this.unread.read;
    return {
      members: this.members.apply(entry),
      summary: this.#appendToSummary(entry) || unreadChanged,
    };
  }

  #appendToSummary({ seq, body }: Entry): boolean {
    if (seq <= this.#asOf) return false;
    this.#asOf = seq;
    const old = this.#summary;
    // The list of members may be of another time than the summary, so it can't tell whether the author was a member.
    const { name, topic, members } = project(old, body).room;
    if (name === old.name && topic === old.topic && members === old.members) return false;
    this.#summary = { ...old, name, topic, members };
    return true;
  }
}

/** Returns the update with a room's members. */
export function membersUpdate(room: RoomId, { members }: Room): Update {
  return { update: "members", room, members: members.toArray(), partial: members.isPartial || undefined };
}
