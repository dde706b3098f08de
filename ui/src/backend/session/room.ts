/** One room: how it stands in the list, its log, its unread count, its members. */

import type { Entry, Member, MemberId, RoomSummary, Seq } from "../protocol";
import type { RoomCursor } from "../session-types";
import { Log } from "./log";
import { Unread } from "./unread";

/** What of a room's picture an entry changed. */
export interface Changed {
  summary: boolean;
  members: boolean;
}

export class Room {
  #summary: RoomSummary;
  /** The summary holds up to this entry; later ones change it. */
  #asOf: Seq;
  readonly log: Log;
  readonly unread: Unread;
  /** Empty if not known. Replaced, never changed: it is handed out. */
  members: readonly Member[] = [];
  /** Whether the members were asked for on this connection: from then on the entries keep them right. */
  membersAsked = false;

  static restored({ room, epoch, first, last, members }: RoomCursor): Room {
    const restored = new Room(room, Log.restored(epoch, first, last));
    restored.members = members ?? [];
    return restored;
  }

  constructor(summary: RoomSummary, log = new Log()) {
    this.#summary = summary;
    this.#asOf = summary.head.seq;
    this.log = log;
    this.unread = new Unread(summary, log.last);
  }

  /** The server told how the room stands. Whether that is worth a write to the disk. */
  told(summary: RoomSummary): boolean {
    const old = this.#summary;
    // Another epoch is another history: what the disk knows of the room is of the old one.
    const changed =
      old.head.epoch !== summary.head.epoch ||
      old.name !== summary.name ||
      old.topic !== summary.topic ||
      old.members !== summary.members ||
      old.joined !== summary.joined ||
      this.unread.read !== summary.read;
    this.#asOf = summary.head.seq;
    this.unread.told(summary);
    this.#summary = summary;
    return changed;
  }

  /** Whether the log that is held may be a part of the one that the server told of. */
  fitsWhatWasTold(): boolean {
    return this.log.learnHead(this.#summary.head);
  }

  get isJoined(): boolean {
    return this.#summary.joined;
  }

  leave(): void {
    this.#summary = { ...this.#summary, joined: false };
  }

  /** As it stands now. */
  summary(): RoomSummary {
    return {
      ...this.#summary,
      head: this.log.head(this.#summary.head),
      read: this.unread.read,
      unread: this.unread.count,
    };
  }

  /** An entry that follows the last one. What of the room's picture it changed. */
  applied(entry: Entry, me: MemberId): Changed {
    const [count, read] = [this.unread.count, this.unread.read];
    this.unread.applied(entry, me);
    const summary = count !== this.unread.count || read !== this.unread.read;
    const members = this.#appliedToMembers(entry);
    return { summary: this.#appliedToSummary(entry) || summary, members };
  }

  #appliedToSummary({ seq, body }: Entry): boolean {
    if (seq <= this.#asOf) return false;
    this.#asOf = seq;
    const old = this.#summary;
    switch (body.kind) {
      case "created":
      case "room_renamed":
        this.#summary = { ...old, name: body.name };
        return true;
      case "topic":
        this.#summary = { ...old, topic: body.text };
        return true;
      case "joined":
        this.#summary = { ...old, members: old.members + 1 };
        return true;
      case "left":
        this.#summary = { ...old, members: Math.max(0, old.members - 1) };
        return true;
      default:
        return false;
    }
  }

  #appliedToMembers({ author, body }: Entry): boolean {
    if (this.members.length === 0) return false;
    const known = this.members.find((member) => member.id === author);
    const replace = (by: Member) => {
      this.members = this.members.map((member) => (member.id === author ? by : member));
      return true;
    };
    if (body.kind === "joined" && known) return replace({ id: author, name: body.name });
    if (body.kind === "member_renamed" && known) return replace({ ...known, name: body.name });
    if (body.kind === "left" && known) return replace({ ...known, left: true });
    if (body.kind !== "joined") return false;
    this.members = [...this.members, { id: author, name: body.name }];
    return true;
  }
}
