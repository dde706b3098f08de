/**
 * A session with one server as a plain state machine: input in, effects out; no socket, no clock, no disk.
 *
 * The twin of `crates/client/src/session/`, file by file, which the desktop runs. The traces in
 * `crates/protocol/vectors/session/` hold both to one behaviour.
 */

import type { Hello, MemberId, Name, RoomId, RoomSummary, Seq } from "../protocol";
import type { Effect, Input, PersistedState } from "../session-types";
import { command, loaded } from "./commands";
import { Line } from "./connection";
import { syncAll } from "./hello";
import { askAgain } from "./log-events";
import { compare, earliest, inOrder } from "./order";
import { Out } from "./effects";
import { Outbox } from "./outbox";
import { People, Typing } from "./people";
import { receive } from "./receive";
import { Room } from "./room";

/** One person's session with one server, over any number of connections. Its fields are for the files beside this one. */
export class Session {
  readonly line = new Line();
  /** What the last hello said, without its rooms. */
  hello?: Hello;
  me?: MemberId;
  lobby?: RoomId;
  readonly rooms = new Map<RoomId, Room>();
  readonly outbox = new Outbox();
  readonly people = new People();
  readonly typing = new Typing();
  /** What the person wants and the server may not know yet. */
  readonly wishes = {
    name: undefined as Name | undefined,
    away: false,
    read: new Map<RoomId, Seq>(),
    created: new Set<RoomId>(),
  };
  roomsChanged = false;
  /** The connection's state as it was told last, in text. */
  #told?: string;
  /** When the next tick comes. */
  #wakeAt?: number;

  /**
   * Takes an input at a time, in milliseconds of any clock that does not go back, and says what is to be done.
   * What several parts of a step may change (lists, the connection's state) is told once, at its end.
   */
  step(now: number, input: Input): Effect[] {
    const out = new Out();
    this.#take(now, input, out);
    if (this.line.isOnline) this.outbox.send(now, out);
    this.#tell(out);
    this.#wake(now, out);
    return out.effects;
  }

  #take(now: number, input: Input, out: Out): void {
    switch (input.input) {
      case "start":
        return this.#start(input, out);
      case "opened":
        return this.line.opened(now);
      case "event":
        this.line.heard(now);
        return receive(this, now, input, out);
      case "closed":
        this.line.closed(now, input.error, out);
        this.people.forget();
        this.typing.forget();
        return this.outbox.forgetSent();
      case "tick":
        this.#wakeAt = undefined;
        return this.#tick(now, out);
      case "nudge":
        return this.#nudge(now, out);
      case "refresh":
        return this.#refresh(out);
      case "command":
        return command(this, now, input, out);
      case "loaded":
        return loaded(this, input, out);
    }
  }

  #start(restored: PersistedState, out: Out): void {
    for (const cursor of restored.rooms) this.rooms.set(cursor.room.id, Room.restored(cursor));
    this.outbox.restore(restored.outbox);
    this.roomsChanged = true;
    this.line.start(out);
  }

  #tick(now: number, out: Out): void {
    this.line.tick(now, out);
    this.typing.expire(now);
    if (this.line.isOnline) askAgain(this, now, out);
  }

  /** Whoever has slept asks for what was missed; the answer also proves the line. */
  #nudge(now: number, out: Out): void {
    const inRooms = [...this.rooms.values()].some((room) => room.isJoined);
    if (this.line.nudge(now, inRooms, out)) syncAll(this, now, out);
  }

  #refresh(out: Out): void {
    this.#told = undefined;
    if (this.hello) out.up({ update: "hello", ...this.hello, rooms: this.joinedRooms() });
    this.roomsChanged = true;
    this.outbox.refresh();
    this.people.refresh();
    this.typing.refresh();
    for (const [room, { members }] of inOrder(this.rooms))
      if (members.length > 0) out.up({ update: "members", room, members: [...members] });
  }

  /** Tells what has changed in this step. */
  #tell(out: Out): void {
    const status = this.line.status(this.outbox.waiting);
    const text = JSON.stringify(status);
    if (status && text !== this.#told) {
      this.#told = text;
      out.up({ update: "connection", ...status });
    }
    if (this.roomsChanged) {
      this.roomsChanged = false;
      out.up({ update: "rooms", rooms: this.joinedRooms() });
    }
    this.outbox.tell(out);
    this.people.tell(out);
    this.typing.tell(out);
  }

  /** The lobby first, then by name. */
  joinedRooms(): RoomSummary[] {
    const rooms = [...this.rooms.values()].filter((room) => room.isJoined).map((room) => room.summary());
    const away = ({ id }: RoomSummary) => (id === this.lobby ? 0 : 1);
    return rooms.sort((a, b) => away(a) - away(b) || compare(a.name, b.name) || compare(a.id, b.id));
  }

  #wake(now: number, out: Out): void {
    const rooms = [...this.rooms.values()].filter((room) => room.isJoined).map((room) => room.log.due());
    const online = this.line.isOnline ? [this.outbox.due(), ...rooms] : [];
    const due = earliest([this.line.due(), this.typing.due(), ...online]);
    if (due === undefined || (this.#wakeAt !== undefined && due >= this.#wakeAt)) return;
    this.#wakeAt = due;
    out.effects.push({ effect: "wake", after_ms: Math.max(0, due - now) });
  }
}
