/** The events about the server itself and its rooms: `hello` and `room`. */

import { type Head, type Hello, limits, type RoomId, type RoomSummary } from "../protocol";
import type { Effects } from "./effects";
import { compare, sortedEntries } from "./order";
import { Room } from "./room";
import type { SessionState } from "./state";

/** A bound on the rooms that a hostile server can make the client keep. */
export const maxRooms = 4_096;
/** The number of rooms in one `sync`. It is below the server's limit, so that the packet is far below the limit of its size. */
const syncBatch = 500;

export function onHello(state: SessionState, now: number, hello: Hello, effects: Effects): void {
  state.connection.goOnline(now, hello.limits.heads_interval_ms);
  state.lobby = hello.lobby;
  state.roomsChanged = true;
  // A new connection answers no earlier request.
  state.pending.joined.clear();
  const left = new Set(state.rooms.keys());
  for (const summary of hello.rooms.slice(0, maxRooms)) {
    left.delete(summary.id);
    upsertRoom(state, summary, effects);
  }
  for (const id of [...left].sort(compare)) state.leave(id, effects);
  state.me = hello.me;
  state.hello = { ...hello, rooms: [], now: Math.max(0, hello.now - now) };
  effects.notify({ update: "hello", ...hello, rooms: state.joinedRooms() });
  syncAll(state, now, effects);
  sendPending(state, hello, effects);
  state.outbox.resume(now);
}

export function onRoom(state: SessionState, now: number, summary: RoomSummary, effects: Effects): void {
  const { id } = summary;
  if (!summary.joined && !state.rooms.has(id)) return;
  state.roomsChanged = true;
  const justJoined = upsertRoom(state, summary, effects);
  const joinedHere = state.pending.joined.delete(id);
  const known = state.rooms.get(id);
  if (!known || !justJoined) return;
  known.membersRequested = false;
  // The server answers `join` with the newest page. It sends no page of a room that was created, or joined on another device,
  // and for a room that was left and joined again the entries in between are missing.
  if (joinedHere && known.log.epoch === undefined) known.log.expectSync(now);
  else known.log.requestSync(now, id, effects);
}

/** Requests the missing entries of all rooms. */
export function syncAll(state: SessionState, now: number, effects: Effects): void {
  const cursors: [RoomId, Head | null][] = [];
  for (const [id, room] of sortedEntries(state.rooms)) {
    if (!room.isJoined) continue;
    room.membersRequested = false;
    room.log.forgetRequest();
    cursors.push([id, room.log.cursor()]);
    if (!room.matchesServerHead() || room.log.isBehind) room.log.expectSync(now);
  }
  for (let start = 0; start < cursors.length; start += syncBatch) {
    const rooms = Object.fromEntries(cursors.slice(start, start + syncBatch));
    effects.emit({ event: "sync", data: { rooms } });
  }
}

/** Sends what the user did while there was no connection. */
function sendPending(state: SessionState, hello: Hello, effects: Effects): void {
  const { name, away, read } = state.pending;
  for (const [room, seq] of sortedEntries(read)) {
    state.moveReadMarker({ room, seq });
    // A new history may be too short for the marker.
    if (state.joinedRoom(room)?.unread.read !== seq) continue;
    effects.save({ change: "read", room, seq });
    effects.emit({ event: "read", data: { room, seq } });
  }
  read.clear();
  if (name !== undefined && name !== hello.name) effects.emit({ event: "set_name", data: { name } });
  if (away) effects.emit({ event: "away", data: { away } });
}

/** Takes over the server's summary of a room. Returns whether the user has just become a member of it. */
function upsertRoom(state: SessionState, summary: RoomSummary, effects: Effects): boolean {
  const known = state.rooms.get(summary.id);
  const isValid = summary.head.seq <= limits.maxSeq && summary.read <= limits.maxSeq;
  if (!isValid || (state.rooms.size >= maxRooms && !known)) return false;
  if (!known) {
    effects.save({ change: "room", ...summary });
    state.rooms.set(summary.id, new Room(summary));
    return summary.joined;
  }
  const wasJoined = known.isJoined;
  if (known.applyServerSummary(summary)) effects.save({ change: "room", ...summary });
  return summary.joined && !wasJoined;
}
