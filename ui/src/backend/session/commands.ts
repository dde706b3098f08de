/** The commands of the user, and the ranges of history that they load. */

import { propertiesOf } from "../entry-kinds";
import { type ClientEvent, type Entry, type EntryId, limits, type Read, type RoomId, type Seq } from "../protocol";
import type { Command, LogRange, OutboxItem, OutboxState } from "../session-types";
import { canonicalBody, checkBody } from "./body";
import type { Effects } from "./effects";
import { extendUnreadBack, notifyEntries, replaceLog } from "./log-events";
import { membersUpdate } from "./room";
import type { SessionState } from "./state";

export function runCommand(state: SessionState, now: number, command: Command, effects: Effects): void {
  const { isOnline } = state.connection;
  switch (command.command) {
    case "send":
      return send(state, now, command, effects);
    case "retry":
      return state.outbox.retry(command.id, effects);
    case "discard":
      return discard(state, command.id, effects);
    case "editing":
      if (command.on) state.outbox.startEdit(command.id, isOnline ? now : undefined);
      else state.outbox.endEdit(command.id);
      return;
    case "create": {
      const { room, name, topic } = command;
      emitIfOnline(state, { event: "create", data: { room, name, topic } }, room, effects);
      return;
    }
    case "browse":
      emitIfOnline(state, { event: "rooms", data: { query: command.query, after: command.after } }, undefined, effects);
      return;
    case "find_members": {
      const { room, query } = command;
      // What is known is enough to begin with.
      if (isOnline && state.joinedRoom(room)) effects.emit({ event: "members", data: { room, query } });
      return;
    }
    case "join":
      if (emitIfOnline(state, { event: "join", data: { room: command.room } }, command.room, effects))
        state.pending.joined.add(command.room);
      return;
    case "leave":
      emitIfOnline(state, { event: "leave", data: { room: command.room } }, command.room, effects);
      return;
    case "open":
      return open(state, command.room, effects);
    case "history":
      return load(command.room, command.range, effects);
    case "typing":
      // Typing without a connection is not worth an error.
      if (isOnline) state.typing.reportOwn(now, command.room, command.on, effects);
      return;
    case "read":
      return read(state, { room: command.room, seq: command.seq }, effects);
    case "away":
      state.pending.away = command.away;
      if (isOnline) effects.emit({ event: "away", data: { away: command.away } });
      return;
    case "set_name":
      state.pending.name = command.name;
      if (isOnline) effects.emit({ event: "set_name", data: { name: command.name } });
  }
}

/** Handles the answer to the effect `load`: reports the entries, and requests from the server what the replica lacks. */
export function onLoaded(
  state: SessionState,
  result: { room: RoomId; range: LogRange; entries: Entry[]; later: Entry[] },
  effects: Effects,
): void {
  const { room, range } = result;
  const { entries, later } = startsAtLowerBound(range, result.entries) ? result : { entries: [], later: [] };
  extendUnreadBack(state, room, entries);
  const known = state.rooms.get(room);
  if (!known) return;
  // While nothing is known of the room, its newest page is on its way. Any other place has to be requested.
  const isOnItsWay = known.log.epoch === undefined && isNewest(range);
  const canRequest = state.connection.isOnline && known.isJoined && !isOnItsWay;
  const missing = canRequest ? missingRange(range, entries, known.summary().head.seq) : undefined;
  // An empty result is reported as well: the interface must not wait for entries that do not exist.
  if (entries.length > 0 || !missing) notifyEntries(state, room, entries, later, effects);
  if (missing) effects.emit({ event: "history", data: { room, ...missing } });
}

/**
 * Handles an answer to the effect `load` that the replica could not give: replaces the room's log by the server's. Without a
 * connection the rest of the log is worth keeping.
 */
export function onDamaged(
  state: SessionState,
  now: number,
  { room, range }: { room: RoomId; range: LogRange },
  effects: Effects,
): void {
  if (!state.connection.isOnline || !replaceLog(state, now, room, effects)) {
    onLoaded(state, { room, range, entries: [], later: [] }, effects);
    return;
  }
  // The newest page is on its way.
  if (!isNewest(range)) effects.emit({ event: "history", data: { room, ...range } });
}

function send(
  state: SessionState,
  now: number,
  { room, id, body: entered, written }: Extract<Command, { command: "send" }>,
  effects: Effects,
): void {
  const body = canonicalBody(entered);
  const error = checkBody(body);
  const outboxState: OutboxState = error ? { state: "failed", error } : { state: "sending" };
  const item: OutboxItem = { id, room, body, written, state: outboxState };
  // A text that can't be accepted is refused by itself, and leaves the message as it is.
  if (!error && state.outbox.merge(item, effects)) return;
  // It is stored once, as it will be at the end of this step.
  const isSent = !error && state.connection.isOnline && state.outbox.sendsNext(now, room);
  const stored: OutboxItem = isSent ? { ...item, sent: true } : item;
  if (!state.outbox.push(stored)) return;
  effects.save({ change: "outbox", ...stored });
  if (propertiesOf(body).countsAsUnread) state.typing.messageSent(room);
}

function discard(state: SessionState, id: EntryId, effects: Effects): void {
  if (!state.outbox.mayBeCommitted(id)) {
    state.outbox.withdraw(id, effects);
    return;
  }
  const message = "It is already on its way and can't be taken back.";
  const room = state.outbox.roomOf(id);
  effects.notify({ update: "refused", event: "post", room, error: { code: "other", message } });
}

function open(state: SessionState, room: RoomId, effects: Effects): void {
  const known = state.rooms.get(room);
  if (!known) return;
  if (!known.members.isEmpty) effects.notify(membersUpdate(room, known));
  if (state.connection.isOnline && known.isJoined) known.members.requestList(room, effects);
  load(room, { limit: limits.maxPageEntries }, effects);
}

/** Moves the read marker and sends it to the server, now or after the next `hello`. */
function read(state: SessionState, read: Read, effects: Effects): void {
  if (!state.moveReadMarker(read)) return;
  if (state.connection.isOnline) {
    effects.save({ change: "read", ...read });
    effects.emit({ event: "read", data: read });
  } else {
    effects.save({ change: "read", ...read, pending: true });
    state.pending.read.set(read.room, read.seq);
  }
}

/**
 * Handles a request that the server was too busy for until the connection ended. The next connection gets the read marker from
 * here; it gets the name and the absence anyway, and the interface repeats the loads. The user repeats the others.
 */
export function outliveConnection(state: SessionState, event: ClientEvent, effects: Effects): void {
  switch (event.event) {
    case "read": {
      const { room, seq } = event.data;
      state.pending.read.set(room, seq);
      return effects.save({ change: "read", room, seq, pending: true });
    }
    case "create":
    case "join":
    case "leave":
      return notifyNotConnected(event, event.data.room, effects);
    case "rooms":
    case "members":
    case "history":
    case "away":
    case "set_name":
    case "post":
    case "sync":
    case "typing":
      return;
  }
}

/** Emits an event that makes sense only now. Without a connection it reports a refusal and returns false. */
function emitIfOnline(state: SessionState, event: ClientEvent, room: RoomId | undefined, effects: Effects): boolean {
  if (state.connection.isOnline) {
    effects.emit(event);
    return true;
  }
  notifyNotConnected(event, room, effects);
  return false;
}

/** Reports a request as refused, because there is no connection to send it on. */
function notifyNotConnected({ event }: ClientEvent, room: RoomId | undefined, effects: Effects): void {
  const message = "There is no connection to the server. Try again when it is back.";
  effects.notify({ update: "refused", event, room, error: { code: "other", message } });
}

function load(room: RoomId, range: LogRange, effects: Effects): void {
  const limit = Math.min(Math.max(range.limit, 1), limits.maxPageEntries);
  effects.push({ effect: "load", room, range: { ...range, limit } });
}

/** Returns whether a range is the newest page. */
const isNewest = ({ before, after, around }: LogRange): boolean =>
  before === undefined && after === undefined && around === undefined;

/** Returns whether the entries begin at the range's lower bound. A replica that begins further up has nothing of the range. */
function startsAtLowerBound(range: LogRange, entries: readonly Entry[]): boolean {
  const first = entries[0]?.seq;
  return range.after === undefined || first === undefined || first <= range.after + 1;
}

/** Returns the rest of a range behind these entries, in a log that ends at `head`. */
function missingRange(range: LogRange, entries: readonly Entry[], head: Seq): LogRange | undefined {
  if (range.around !== undefined) return entries.length === 0 ? range : undefined;
  const limit = range.limit - entries.length;
  if (limit <= 0) return undefined;
  if (range.after !== undefined) {
    const after = entries.at(-1)?.seq ?? range.after;
    const end = Math.min(range.before ?? head + 1, head + 1);
    return after + 1 >= end ? undefined : { before: range.before, after, limit };
  }
  const before = entries[0]?.seq ?? range.before;
  return before !== undefined && before <= 1 ? undefined : { before, limit };
}
