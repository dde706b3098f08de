/** Who is here, and who is typing. */

import { limits, type MemberId, type Person, type RoomId } from "../protocol";
import { drained, earliest, inOrder } from "./order";
import type { Out } from "./effects";

/** How many people are kept: a hostile server could name any number. */
const peopleMost = 20_000;
/** How many typing people are kept in a room. */
const typingMost = 64;
/** One's own typing is told at most so often. */
const tellTypingMs = 3_000;

/** Who is here. */
export class People {
  readonly #here = new Map<MemberId, Person>();
  #changed = false;

  learn(people: readonly Person[]): void {
    for (const person of people) {
      this.#changed = true;
      if (person.availability === "offline") this.#here.delete(person.id);
      else if (this.#here.size < peopleMost || this.#here.has(person.id)) this.#here.set(person.id, person);
    }
  }

  /** Without a connection nobody is known to be here. */
  forget(): void {
    this.#changed ||= this.#here.size > 0;
    this.#here.clear();
  }

  refresh(): void {
    this.#changed = true;
  }

  tell(out: Out): void {
    if (!this.#changed) return;
    this.#changed = false;
    out.up({ update: "presence", people: inOrder(this.#here).map(([, person]) => person) });
  }
}

/** Who is typing where, the others and oneself. */
export class Typing {
  /** Until when it counts. */
  readonly #others = new Map<RoomId, Map<MemberId, number>>();
  /** When it was told. */
  readonly #own = new Map<RoomId, number>();
  readonly #changed = new Set<RoomId>();

  types(now: number, room: RoomId, member: MemberId): void {
    const typing = this.#others.get(room) ?? new Map<MemberId, number>();
    this.#others.set(room, typing);
    if (typing.size >= typingMost && !typing.has(member)) return;
    if (!typing.has(member)) this.#changed.add(room);
    typing.set(member, now + limits.typingTimeoutMs);
  }

  stopped(room: RoomId, member: MemberId): void {
    if (this.#others.get(room)?.delete(member)) this.#changed.add(room);
  }

  expire(now: number): void {
    for (const [room, typing] of this.#others) {
      for (const [member, until] of typing) {
        if (until > now) continue;
        typing.delete(member);
        this.#changed.add(room);
      }
      if (typing.size === 0) this.#others.delete(room);
    }
  }

  due(): number | undefined {
    return earliest([...this.#others.values()].flatMap((typing) => [...typing.values()]));
  }

  forget(): void {
    for (const [room, typing] of this.#others) if (typing.size > 0) this.#changed.add(room);
    this.#others.clear();
    this.#own.clear();
  }

  /** The person types, or no longer. */
  own(now: number, room: RoomId, on: boolean, out: Out): void {
    const told = this.#own.get(room);
    const tell = told === undefined ? on : !on || told + tellTypingMs <= now;
    if (!tell) return;
    if (on) this.#own.set(room, now);
    else this.#own.delete(room);
    out.emit({ event: "typing", data: { room, on } });
  }

  /** A message ends the typing without a word. */
  said(room: RoomId): void {
    this.#own.delete(room);
  }

  refresh(): void {
    for (const room of this.#others.keys()) this.#changed.add(room);
  }

  tell(out: Out): void {
    for (const room of drained(this.#changed)) {
      const typing = this.#others.get(room) ?? new Map<MemberId, number>();
      out.up({ update: "typing", room, members: inOrder(typing).map(([member]) => member) });
    }
  }
}
