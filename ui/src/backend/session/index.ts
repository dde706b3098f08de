/**
 * A session with one server as a state machine without I/O: inputs in, effects out; no socket, no clock, no disk.
 *
 *   Input ──▶ step ──┬─ commands               commands of the user, ranges of history
 *                    ├─ receive ─┬─ hello      the server and its rooms; sync after a reconnect
 *                    │           └─ log-events entries, pages, resets, heads
 *                    │                 └─▶ room ─┬─ log     the known range, gaps
 *                    │                           ├─ members the known members
 *                    │                           └─ unread  the unread count
 *                    ├─ connection-state       back-off, refusals, keep-alive
 *                    ├─ outbox                 posts until they are acknowledged
 *                    ├─ busy-requests          other requests that the server was too busy for
 *                    └─ presence, typing
 *                          └─▶ Effect
 *
 * It is the twin of `crates/client/src/session/`, file by file. The traces in `crates/protocol/vectors/session/` hold both to
 * the same behaviour.
 */

import type { Effect, Input, PersistedState } from "../session-types";
import { onDamaged, onLoaded, outliveConnection, runCommand } from "./commands";
import { Effects } from "./effects";
import { retryListing, syncAll } from "./hello";
import { retryRequests } from "./log-events";
import { earliest, sortedEntries } from "./order";
import { receive } from "./receive";
import { membersUpdate, Room } from "./room";
import { SessionState } from "./state";

/** One user's session with one server, across any number of connections. */
export class Session {
  readonly #state = new SessionState();
  /** The last reported connection status, as JSON. */
  #reportedStatus?: string;
  /** The time of the next requested tick. */
  #wakeAt?: number;

  /**
   * Processes one input and returns the effects that the driver must run, in order.
   *
   * `now` is in milliseconds, of any clock that never goes back. Lists that several parts of a step can change are reported
   * once, at its end. With `hasNext`, the list of rooms is reported by a later step, which follows soon: before it does anything
   * else, unless its input changes a room, too.
   */
  step(now: number, input: Input, hasNext = false): Effect[] {
    const effects = new Effects();
    if (!changesRoom(input)) this.#notifyRooms(effects);
    this.#process(now, input, effects);
    const { connection, outbox, busy } = this.#state;
    if (connection.isOnline) outbox.send(now, effects);
    for (const event of effects.emitted()) busy.sent(event);
    if (connection.isOnline) busy.send(now, effects);
    this.#notifyChanges(effects, hasNext);
    this.#requestWake(now, effects);
    return effects.all;
  }

  #process(now: number, input: Input, effects: Effects): void {
    const state = this.#state;
    switch (input.input) {
      case "start":
        return this.#start(input, effects);
      case "opened":
        return state.connection.opened(now);
      case "event":
        state.connection.received(now);
        return receive(state, now, input, effects);
      case "closed":
        state.connection.closed(now, input.error, effects);
        state.presence.clear();
        state.typing.clear();
        for (const event of state.busy.disconnected()) outliveConnection(state, event, effects);
        return state.outbox.disconnected();
      case "tick":
        this.#wakeAt = undefined;
        return this.#tick(now, effects);
      case "nudge":
        return this.#nudge(now, "nudge", effects);
      case "reconnect":
        return this.#nudge(now, "reconnect", effects);
      case "refresh":
        return this.#refresh(now, effects);
      case "command":
        return runCommand(state, now, input, effects);
      case "adopt": {
        const { input: _, ...item } = input;
        return state.outbox.adopt(item, effects);
      }
      case "disowned":
        return state.outbox.disown(input.id, input.item);
      case "loaded":
        return input.damaged ? onDamaged(state, now, input, effects) : onLoaded(state, input, effects);
    }
  }

  #start({ rooms, outbox }: PersistedState, effects: Effects): void {
    const state = this.#state;
    for (const cursor of rooms) {
      const { id, read } = cursor.room;
      if (cursor.read_pending) state.pending.read.set(id, read);
      state.rooms.set(id, Room.persisted(cursor));
    }
    state.outbox.load(outbox);
    state.roomsChanged = true;
    state.connection.start(effects);
  }

  #tick(now: number, effects: Effects): void {
    this.#state.connection.tick(now, effects);
    this.#state.typing.expire(now);
    if (!this.#state.connection.isOnline) return;
    retryListing(this.#state, now, effects);
    retryRequests(this.#state, now, effects);
  }

  /** Connects now, or probes an open connection by a sync, which also brings what was missed. */
  #nudge(now: number, how: "nudge" | "reconnect", effects: Effects): void {
    const canSync = [...this.#state.rooms.values()].some((room) => room.isJoined);
    if (this.#state.connection[how](now, canSync, effects)) syncAll(this.#state, now, effects);
  }

  #refresh(now: number, effects: Effects): void {
    const state = this.#state;
    this.#reportedStatus = undefined;
    const { hello } = state;
    if (hello) effects.notify({ update: "hello", ...hello, rooms: state.joinedRooms(), now: hello.now + now });
    state.roomsChanged = true;
    state.outbox.markAllChanged();
    state.presence.markChanged();
    state.typing.markAllChanged();
    for (const [id, room] of sortedEntries(state.rooms))
      if (!room.members.isEmpty) effects.notify(membersUpdate(id, room));
  }

  /** Reports what has changed in this step. */
  #notifyChanges(effects: Effects, hasNext: boolean): void {
    const state = this.#state;
    const status = state.connection.status(state.outbox.waitingCount());
    const json = JSON.stringify(status);
    if (status && json !== this.#reportedStatus) {
      this.#reportedStatus = json;
      effects.notify({ update: "connection", ...status });
    }
    if (!hasNext) this.#notifyRooms(effects);
    state.outbox.notifyChanges(effects);
    state.presence.notifyChanges(effects);
    state.typing.notifyChanges(effects);
  }

  #notifyRooms(effects: Effects): void {
    const state = this.#state;
    if (!state.roomsChanged) return;
    state.roomsChanged = false;
    const partial = state.listing ? { partial: true } : {};
    effects.notify({ update: "rooms", rooms: state.joinedRooms(), ...partial });
  }

  /** Requests a tick for the next thing to do, unless an earlier tick is already requested. */
  #requestWake(now: number, effects: Effects): void {
    const deadline = this.#nextDeadline();
    if (deadline === undefined || (this.#wakeAt !== undefined && deadline >= this.#wakeAt)) return;
    this.#wakeAt = deadline;
    effects.push({ effect: "wake", after_ms: Math.max(0, deadline - now) });
  }

  #nextDeadline(): number | undefined {
    const { connection, typing, outbox, busy, rooms, listing } = this.#state;
    const retries = [...rooms.values()].filter((room) => room.isJoined).map((room) => room.log.retryAt());
    const online = connection.isOnline ? [outbox.nextSend(), busy.nextSend(), listing?.retryAt, ...retries] : [];
    return earliest([connection.deadline(), typing.nextExpiry(), ...online]);
  }
}

const changesRoom = (input: Input) => input.input === "event" && input.event === "room";
