/** What the server tells of itself and of its rooms: `hello` and `room`. */

import type { Head, Hello, RoomId, RoomSummary } from "../protocol";
import type { Session } from "./index";
import { seqMax } from "./log";
import { inOrder } from "./order";
import type { Out } from "./effects";
import { read } from "./receive";
import { Room } from "./room";

/** How many rooms a session keeps: a hostile server could name any number. */
export const roomsMost = 4_096;
/** Rooms in one `sync`: fewer than the server allows, so that the packet stays well below its limit. */
const syncAtOnce = 500;

export function hello(session: Session, now: number, said: Hello, out: Out): void {
  session.line.hello(now, said.limits.heads_every_ms);
  session.lobby = said.lobby;
  session.roomsChanged = true;
  const gone = new Set(session.rooms.keys());
  for (const summary of said.rooms.slice(0, roomsMost)) {
    gone.delete(summary.id);
    learnRoom(session, summary, out);
  }
  for (const [id, room] of inOrder(session.rooms)) {
    if (!gone.has(id) || !room.isJoined) continue;
    room.leave();
    out.save({ change: "room", ...room.summary() });
  }
  session.me = said.me;
  session.hello = { ...said, rooms: [] };
  out.up({ update: "hello", ...said, rooms: session.joinedRooms() });
  syncAll(session, now, out);
  for (const [room, seq] of inOrder(session.wishes.read)) {
    if (!session.rooms.get(room)?.isJoined) continue;
    read(session, { room, seq }, out);
    out.emit({ event: "read", data: { room, seq } });
  }
  session.wishes.read.clear();
  const { name, away } = session.wishes;
  if (name !== undefined && name !== said.name) out.emit({ event: "set_name", data: { name } });
  if (away) out.emit({ event: "away", data: { away } });
  session.outbox.resume();
}

/** Asks for what is missing of every room. */
export function syncAll(session: Session, now: number, out: Out): void {
  const cursors: [RoomId, Head | null][] = [];
  for (const [id, room] of inOrder(session.rooms)) {
    if (!room.isJoined) continue;
    room.membersAsked = false;
    room.log.forgetAsked();
    cursors.push([id, room.log.cursor()]);
    if (!room.fitsWhatWasTold() || room.log.isBehind) room.log.expectSync(now);
  }
  for (let at = 0; at < cursors.length; at += syncAtOnce) {
    const rooms = Object.fromEntries(cursors.slice(at, at + syncAtOnce));
    out.emit({ event: "sync", data: { rooms } });
  }
}

/** Takes a room as the server tells it. Whether it is one that is joined now and was not before. */
function learnRoom(session: Session, summary: RoomSummary, out: Out): boolean {
  const known = session.rooms.get(summary.id);
  const fits = summary.head.seq <= seqMax && summary.read <= seqMax;
  if (!fits || (session.rooms.size >= roomsMost && !known)) return false;
  if (!known) {
    out.save({ change: "room", ...summary });
    session.rooms.set(summary.id, new Room(summary));
    return summary.joined;
  }
  const wasJoined = known.isJoined;
  if (known.told(summary)) out.save({ change: "room", ...summary });
  return summary.joined && !wasJoined;
}

export function room(session: Session, now: number, summary: RoomSummary, out: Out): void {
  const { id } = summary;
  if (!summary.joined && !session.rooms.has(id)) return;
  session.roomsChanged = true;
  const joined = learnRoom(session, summary, out);
  const created = session.wishes.created.delete(id);
  const known = session.rooms.get(id);
  if (!known || !joined) return;
  known.membersAsked = false;
  // Joining brings the newest page by itself; more is asked for if there is more to say.
  if (created || known.log.epoch !== undefined) known.log.sync(now, id, out);
  else known.log.expectSync(now);
}
