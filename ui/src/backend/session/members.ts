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
/** A bound on the people who are waited for. */
const maxRequested = 1_000;

/** The known members of a room, present and past. */
export class KnownMembers {
  #list: readonly Member[];
  #isPartial = false;
  /** `true` after the list was requested on this connection. From its end on the entries keep it up to date. */
  #isRequested = false;
  /** The number of members in its pages so far, while it is under way; the next page follows `#after`. */
  #listed?: number;
  #after?: MemberId;
  /** People whose names are needed, and whom the list may still bring. */
  readonly #wanted = new Set<MemberId>();
  /** People who were requested on this connection. */
  readonly #requested = new Set<MemberId>();

  constructor(list: readonly Member[] = []) {
    this.#list = list;
  }

  /** Empty while unknown. Replaced and never mutated, because updates contain it. */
  get list(): readonly Member[] {
    return this.#list;
  }

  /** `true` if the server has others. */
  get isPartial(): boolean {
    return this.#isPartial;
  }

  /** Forgets the requests, because a new connection does not answer them. */
  forgetRequests(): void {
    this.#isRequested = false;
    this.#listed = undefined;
    this.#requested.clear();
  }

  /** Requests the list, unless that was done on this connection. */
  requestList(room: RoomId, effects: Effects): void {
    if (this.#isRequested) return;
    this.#isRequested = true;
    this.#listed = 0;
    this.#after = undefined;
    effects.emit({ event: "members", data: { room } });
  }

  /** Takes over what the server has listed, and requests what follows. */
  add({ room, members: all, query, after, more: follows }: MemberList, effects: Effects): void {
    const members = all.slice(0, maxMembers);
    const more = query === undefined ? follows : undefined;
    const listed = this.#listed !== undefined && this.#after === after ? this.#listed + members.length : 0;
    const last = members.at(-1)?.id;
    if (more === false && after === undefined) {
      this.#list = members;
      this.#complete();
    } else if (more === false && listed > 0) {
      this.#merge(members);
      this.#complete();
    } else if (more === true && listed > 0) {
      this.#merge(members);
      this.#isPartial = true;
      this.#listed = undefined;
      if (last !== undefined && listed < maxListed) {
        this.#listed = listed;
        this.#after = last;
        effects.emit({ event: "members", data: { room, after: last } });
      }
    } else this.#merge(members);
    this.#requestWanted(room, effects);
  }

  /** Notes that names are needed, and requests those that the list doesn't have. */
  need(room: RoomId, people: Iterable<MemberId>, effects: Effects): void {
    if (!this.#isPartial && this.#listed === undefined) return;
    for (const id of people) {
      if (!this.#requested.has(id) && !this.#has(id) && this.#wanted.size < maxRequested) this.#wanted.add(id);
    }
    this.#requestWanted(room, effects);
  }

  /** Applies an entry that follows the list. Returns whether it changes it. */
  apply({ author, at, body }: Entry): boolean {
    if (this.#list.length === 0) return false;
    const known = this.#list.find((member) => member.id === author);
    const before = known && { name: known.name, joined: !known.left };
    const after = project({ name: "", topic: "", members: 0 }, body, before).author;
    if (!after) return false;
    const since = body.kind === "joined" || body.kind === "member_renamed" ? at : known?.since;
    const changed: Member = { id: author, name: after.name, left: !after.joined || undefined, since };
    const list = this.#list.map((member) => (member.id === author ? changed : member));
    this.#keep(known ? list : [...list, changed]);
    return true;
  }

  /** Notes that the server has no others. */
  #complete(): void {
    this.#isPartial = false;
    this.#isRequested = true;
    this.#listed = undefined;
    this.#wanted.clear();
  }

  #merge(members: readonly Member[]): void {
    const merged = new Map(this.#list.map((member) => [member.id, member]));
    for (const member of members) {
      const known = merged.get(member.id);
      // An entry that followed the list may have arrived before it.
      if (!known || (known.since ?? -1) <= (member.since ?? -1)) merged.set(member.id, member);
    }
    this.#keep([...merged.values()]);
  }

  #keep(list: readonly Member[]): void {
    this.#list = list.slice(-maxMembers);
    this.#isPartial ||= list.length > maxMembers;
  }

  #has(id: MemberId): boolean {
    return this.#list.some((member) => member.id === id);
  }

  #requestWanted(room: RoomId, effects: Effects): void {
    if (!this.#isPartial || this.#wanted.size === 0) return;
    const ids = [...this.#wanted].filter((id) => !this.#has(id)).sort(compare);
    this.#wanted.clear();
    if (this.#requested.size > maxRequested) this.#requested.clear();
    for (const id of ids) this.#requested.add(id);
    for (let start = 0; start < ids.length; start += limits.maxListItems)
      effects.emit({ event: "members", data: { room, ids: ids.slice(start, start + limits.maxListItems) } });
  }
}
