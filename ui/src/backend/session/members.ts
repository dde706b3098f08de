/**
 * The members of a room, as far as they are known. Of a large room these are the first ones, those whose names are needed, and
 * those that the user has looked for.
 */

import { type Entry, limits, type Member, type MemberId, type MemberList, type RoomId } from "../protocol";
import type { Effects } from "./effects";
import { compare } from "./order";
import { project } from "./projection";

/** The members of a room that are listed at once. The others are requested when they are needed. */
const maxListed = 1_000;
/** A bound on the members of a room that are kept. */
const maxMembers = 2_000;
/** A bound on the people who are waited for, and on those who are requested because they are online. */
const maxRequested = 1_000;

/**
 * The part of a room's members that the server has listed, on this connection or an earlier one:
 * - `unknown`: none. The known members are from answers to other requests.
 * - `partial`
 * - `complete`: all, as an answer has said. From then on the entries keep the list up to date.
 */
type Extent = "unknown" | "partial" | "complete";

/** The listing of a room's members on this connection. */
type Listing =
  | { state: "not_requested" | "done" }
  /** The page after this member is under way; so many members are listed. */
  | { state: "requested"; after: MemberId | undefined; listed: number };

/** The known members of a room, present and past. */
export class KnownMembers {
  /** In the order in which they became known. */
  readonly #members: Map<MemberId, Member>;
  #extent: Extent = "unknown";
  #listing: Listing = { state: "not_requested" };
  /** People whose names are needed, and who are not requested yet: the next page may bring them. */
  readonly #wanted = new Set<MemberId>();
  /** People who were requested on this connection, without those whom an answer has brought. */
  readonly #requested = new Set<MemberId>();
  /** The number of people who were requested on this connection because they are online. */
  #requestedOnline = 0;

  /** Restores the members that were stored. There are none if the server never listed them. */
  static persisted(members: readonly Member[], isPartial: boolean): KnownMembers {
    const restored = new KnownMembers(members);
    if (members.length > 0) restored.#extent = isPartial ? "partial" : "complete";
    return restored;
  }

  constructor(members: readonly Member[] = []) {
    this.#members = new Map(members.map((member) => [member.id, member]));
  }

  /** `true` while no member is known. */
  get isEmpty(): boolean {
    return this.#members.size === 0;
  }

  toArray(): Member[] {
    return [...this.#members.values()];
  }

  /** `true` if the server has ever listed members, and so the list is worth storing. */
  get isListed(): boolean {
    return this.#extent !== "unknown";
  }

  /** `true` if the room may have others. */
  get isPartial(): boolean {
    return this.#extent !== "complete";
  }

  /** Forgets the requests, because a new connection does not answer them, or because entries are missing since then. */
  forgetRequests(): void {
    this.#listing = { state: "not_requested" };
    this.#requested.clear();
    this.#requestedOnline = 0;
  }

  /**
   * Handles a refusal of requests that can be sent again: the list when the room is opened again, names when they are needed
   * again.
   */
  refuse(): void {
    if (this.#listing.state !== "done") this.#listing = { state: "not_requested" };
    this.#requested.clear();
  }

  /** Requests the list, unless that was done on this connection. */
  requestList(room: RoomId, effects: Effects): void {
    if (this.#listing.state !== "not_requested") return;
    this.#listing = { state: "requested", after: undefined, listed: 0 };
    effects.emit({ event: "members", data: { room } });
  }

  /** Takes over what the server has listed, and requests what follows. */
  add({ room, members, query, after, more: follows }: MemberList, effects: Effects): void {
    for (const { id } of members) this.#requested.delete(id);
    // Other answers say nothing about the list.
    const more = query === undefined ? follows : undefined;
    const isWholeList = more === false && after === undefined;
    if (isWholeList) this.#members.clear();
    this.#merge(members);
    const before = this.#listedBefore(after);
    if (isWholeList) this.#complete();
    else if (more !== undefined && before !== undefined) {
      const listed = before + members.length;
      if (!more) this.#complete();
      else this.#requestPage(room, listed < maxListed ? members.at(-1)?.id : undefined, listed, effects);
    }
    this.#evict();
    this.requestWanted(room, effects);
  }

  /** Records that names are needed, unless the list has or may bring them. */
  need(people: Iterable<MemberId>): void {
    this.#addWanted(people, maxRequested);
  }

  /** Requests the names of people who are online, as far as there is space for them. Most may be members of other rooms. */
  needOnline(room: RoomId, people: Iterable<MemberId>, effects: Effects): void {
    const space = Math.max(0, maxMembers - this.#members.size);
    this.#requestedOnline += this.#addWanted(people, Math.min(maxRequested - this.#requestedOnline, space));
    this.requestWanted(room, effects);
  }

  /** Requests the names that are needed, if the list doesn't bring them. */
  requestWanted(room: RoomId, effects: Effects): void {
    if (this.#extent !== "partial" || this.#listedBefore(undefined) !== undefined) return;
    const ids = [...this.#wanted].filter((id) => !this.#members.has(id)).sort(compare);
    this.#wanted.clear();
    if (this.#requested.size > maxRequested) this.#requested.clear();
    for (const id of ids) this.#requested.add(id);
    for (let start = 0; start < ids.length; start += limits.maxListItems)
      effects.emit({ event: "members", data: { room, ids: ids.slice(start, start + limits.maxListItems) } });
  }

  /** Applies an entry that follows the list. Returns whether it changes it. */
  apply({ author, at, body }: Entry): boolean {
    if (this.isEmpty) return false;
    const known = this.#members.get(author);
    const before = known && { name: known.name, joined: !known.left };
    const after = project({ name: "", topic: "", members: 0 }, body, before).author;
    if (!after) return false;
    const since = body.kind === "joined" || body.kind === "member_renamed" ? at : known?.since;
    this.#members.set(author, { id: author, name: after.name, left: !after.joined || undefined, since });
    this.#evict();
    return true;
  }

  /** Requests the page of the list after this member. Without one, the rest is not listed. */
  #requestPage(room: RoomId, after: MemberId | undefined, listed: number, effects: Effects): void {
    this.#extent = "partial";
    if (after === undefined) {
      this.#listing = { state: "done" };
      return;
    }
    effects.emit({ event: "members", data: { room, after } });
    this.#listing = { state: "requested", after, listed };
  }

  /** Returns the number of members that are listed up to this one, if the page after it is under way. */
  #listedBefore(after: MemberId | undefined): number | undefined {
    const listing = this.#listing;
    return listing.state === "requested" && listing.after === after ? listing.listed : undefined;
  }

  #complete(): void {
    this.#extent = "complete";
    this.#listing = { state: "done" };
    this.#wanted.clear();
  }

  #merge(members: readonly Member[]): void {
    for (const member of members) {
      const known = this.#members.get(member.id);
      // An entry that followed the list may have arrived before it.
      if (!known || (known.since ?? -1) <= (member.since ?? -1)) this.#members.set(member.id, member);
    }
  }

  /** Drops the members that became known first, if there are too many. */
  #evict(): void {
    let excess = this.#members.size - maxMembers;
    if (excess <= 0) return;
    for (const id of this.#members.keys()) {
      if (excess-- <= 0) break;
      this.#members.delete(id);
    }
    if (this.#extent === "complete") this.#extent = "partial";
  }

  /** Adds at most so many people to those who are wanted. Returns the number of them. */
  #addWanted(people: Iterable<MemberId>, max: number): number {
    if (this.#extent !== "partial" && this.#listing.state !== "requested") return 0;
    const before = this.#wanted.size;
    const end = Math.min(maxRequested, before + max);
    for (const id of people) {
      if (this.#wanted.size >= end) break;
      if (!this.#requested.has(id) && !this.#members.has(id)) this.#wanted.add(id);
    }
    return this.#wanted.size - before;
  }
}
