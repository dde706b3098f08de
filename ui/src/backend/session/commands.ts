/** What the person wants. */

import { type ClientEvent, type Entry, limits, type Read, type RoomId, type Seq } from "../protocol";
import type { Command, LogRange, OutboxItem, OutboxState } from "../session-types";
import { refusal } from "./body";
import type { Session } from "./index";
import { lookedBack, tellEntries } from "./log-events";
import type { Out } from "./effects";
import { read } from "./receive";

export function command(session: Session, now: number, wanted: Command, out: Out): void {
  const online = session.line.isOnline;
  switch (wanted.command) {
    case "send":
      return send(session, wanted, out);
    case "retry":
      return session.outbox.retry(wanted.id, out);
    case "discard":
      return discard(session, wanted.id, out);
    case "create": {
      const { room, name, topic } = wanted;
      if (askServer(session, { event: "create", data: { room, name, topic } }, room, out))
        session.wishes.created.add(room);
      return;
    }
    case "browse":
      askServer(session, { event: "rooms", data: {} }, undefined, out);
      return;
    case "join":
    case "leave":
      askServer(session, { event: wanted.command, data: { room: wanted.room } }, wanted.room, out);
      return;
    case "open":
      return open(session, wanted.room, out);
    case "history":
      return loadRange(wanted.room, wanted.range, out);
    case "typing":
      // Typing means nothing without a connection.
      if (online) session.typing.own(now, wanted.room, wanted.on, out);
      return;
    case "read":
      return readHere(session, { room: wanted.room, seq: wanted.seq }, out);
    case "away":
      session.wishes.away = wanted.away;
      if (online) out.emit({ event: "away", data: { away: wanted.away } });
      return;
    case "set_name":
      session.wishes.name = wanted.name;
      if (online) out.emit({ event: "set_name", data: { name: wanted.name } });
  }
}

/** The answer to the effect `load`. What the replica does not hold of the range is asked of the server. */
export function loaded(
  session: Session,
  found: { room: RoomId; range: LogRange; entries: Entry[]; later: Entry[] },
  out: Out,
): void {
  const { room, range } = found;
  const { entries, later } = beginsRight(range, found.entries) ? found : { entries: [], later: [] };
  lookedBack(session, room, entries);
  const known = session.rooms.get(room);
  if (!known) return;
  // Where nothing is held yet, the newest page is on its way.
  const asks = session.line.isOnline && known.isJoined && known.log.epoch !== undefined;
  const rest = asks ? missing(range, entries, known.summary().head.seq) : undefined;
  // Nothing at all is told as well: whoever waits for the range learns that there is none now.
  if (entries.length > 0 || !rest) tellEntries(session, room, entries, later, out);
  if (rest) out.emit({ event: "history", data: { room, ...rest } });
}

function send(session: Session, { room, id, body, written }: Extract<Command, { command: "send" }>, out: Out): void {
  const error = refusal(body);
  const state: OutboxState = error ? { state: "failed", error } : { state: "sending" };
  const item: OutboxItem = { id, room, body, written, state };
  if (!session.outbox.push(item)) return;
  out.save({ change: "outbox", ...item });
  session.typing.said(room);
}

function discard(session: Session, id: string, out: Out): void {
  if (!session.outbox.isUnderWay(id)) {
    session.outbox.discard(id, out);
    return;
  }
  const message = "It is already on its way and can't be taken back.";
  out.up({ update: "refused", event: "post", error: { code: "other", message } });
}

function open(session: Session, room: RoomId, out: Out): void {
  const known = session.rooms.get(room);
  if (!known) return;
  if (known.members.length > 0) out.up({ update: "members", room, members: [...known.members] });
  if (session.line.isOnline && known.isJoined && !known.membersAsked) {
    known.membersAsked = true;
    out.emit({ event: "members", data: { room } });
  }
  loadRange(room, { limit: limits.maxPageEntries }, out);
}

function readHere(session: Session, seen: Read, out: Out): void {
  if (!read(session, seen, out)) return;
  if (session.line.isOnline) out.emit({ event: "read", data: seen });
  else session.wishes.read.set(seen.room, seen.seq);
}

/** Emits what only makes sense now; false, and told, if there is no connection. */
function askServer(session: Session, event: ClientEvent, room: RoomId | undefined, out: Out): boolean {
  if (session.line.isOnline) {
    out.emit(event);
    return true;
  }
  const message = "There is no connection to the server. Try again when it is back.";
  out.up({ update: "refused", event: event.event, room, error: { code: "other", message } });
  return false;
}

function loadRange(room: RoomId, range: LogRange, out: Out): void {
  const limit = Math.min(Math.max(range.limit, 1), limits.maxPageEntries);
  out.effects.push({ effect: "load", room, range: { ...range, limit } });
}

/** Whether these are the first entries of the range: a replica that begins further up has none of it. */
function beginsRight(range: LogRange, entries: readonly Entry[]): boolean {
  const first = entries[0]?.seq;
  return range.after === undefined || first === undefined || first <= range.after + 1;
}

/** What is left of a range after these entries of it, in a log that goes up to `head`. */
function missing(range: LogRange, entries: readonly Entry[], head: Seq): LogRange | undefined {
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
