/** Typing indicators: of the other members, and the user's own. */

import { limits, type MemberId, type RoomId } from "../protocol";
import type { Effects } from "./effects";
import { earliest, sortedEntries, takeSorted } from "./order";

/** A bound on the typing members that a hostile server can make the client keep. */
const maxTypingPerRoom = 64;
/** The shortest time between two reports that the user is typing. */
const reportIntervalMs = 3_000;

/** The typing members of each room, and whether the user is typing. */
export class TypingIndicators {
  /** The typing members of each room, with the time at which their indicator expires. */
  readonly #others = new Map<RoomId, Map<MemberId, number>>();
  /** The rooms in which the user is typing, with the time of the last report. */
  readonly #own = new Map<RoomId, number>();
  readonly #changedRooms = new Set<RoomId>();

  started(now: number, room: RoomId, member: MemberId): void {
    const typing = this.#others.get(room) ?? new Map<MemberId, number>();
    this.#others.set(room, typing);
    if (typing.size >= maxTypingPerRoom && !typing.has(member)) return;
    if (!typing.has(member)) this.#changedRooms.add(room);
    typing.set(member, now + limits.typingTimeoutMs);
  }

  stopped(room: RoomId, member: MemberId): void {
    if (this.#others.get(room)?.delete(member)) this.#changedRooms.add(room);
  }

  expire(now: number): void {
    for (const [room, typing] of this.#others) {
      for (const [member, expiresAt] of typing) {
        if (expiresAt > now) continue;
        typing.delete(member);
        this.#changedRooms.add(room);
      }
      if (typing.size === 0) this.#others.delete(room);
    }
  }

  nextExpiry(): number | undefined {
    return earliest([...this.#others.values()].flatMap((typing) => [...typing.values()]));
  }

  /** Forgets all indicators at the end of a connection. */
  clear(): void {
    for (const [room, typing] of this.#others) if (typing.size > 0) this.#changedRooms.add(room);
    this.#others.clear();
    this.#own.clear();
  }

  /** Reports the user's own typing, unless the server knows it from a recent report. */
  reportOwn(now: number, room: RoomId, on: boolean, effects: Effects): void {
    const reportedAt = this.#own.get(room);
    const isDue = reportedAt === undefined ? on : !on || reportedAt + reportIntervalMs <= now;
    if (!isDue) return;
    if (on) this.#own.set(room, now);
    else this.#own.delete(room);
    effects.emit({ event: "typing", data: { room, on } });
  }

  /** Ends the user's own typing without a report: the message itself ends it for the others. */
  messageSent(room: RoomId): void {
    this.#own.delete(room);
  }

  markAllChanged(): void {
    for (const room of this.#others.keys()) this.#changedRooms.add(room);
  }

  notifyChanges(effects: Effects): void {
    for (const room of takeSorted(this.#changedRooms)) {
      const typing = this.#others.get(room) ?? new Map<MemberId, number>();
      effects.notify({ update: "typing", room, members: sortedEntries(typing).map(([member]) => member) });
    }
  }
}
