/** The events about the server itself and its rooms: `hello` and `room`. */

import { type Head, type Hello, limits, type Refused, type RoomId, type RoomList, type RoomSummary } from "../protocol";
import { isTransient } from "../wire-error";
import type { Effects } from "./effects";
import { compare, sortedEntries } from "./order";
import { retryAfter } from "./retry-after";
import { Room } from "./room";
import type { RoomListing, SessionState } from "./state";

/** A bound on the rooms that a hostile server can make the client keep. */
export const maxRooms = 4_096;
/** The number of rooms in one `sync`. It is below the server's limit, so that the packet is far below the limit of its size. */
const syncBatch = 500;
/** A request for the next rooms of the user without an answer is sent again after this time, in milliseconds. */
const listingTimeout = 5_000;

export function onHello(state: SessionState, now: number, hello: Hello, effects: Effects): void {
  state.connection.goOnline(now, hello.limits.heads_interval_ms);
  state.lobby = hello.lobby;
  state.roomsChanged = true;
  // A new connection answers no earlier request.
  state.pending.joined.clear();
  const unlisted = new Set(state.rooms.keys());
  const listed = new Set<RoomId>();
  const after = hello.rooms.at(-1)?.id;
  for (const summary of hello.rooms.slice(0, maxRooms)) {
    unlisted.delete(summary.id);
    listed.add(summary.id);
    upsertRoom(state, summary, effects);
  }
  state.listing = undefined;
  if (!hello.more) leaveAll(state, unlisted, effects);
  state.me = hello.me;
  state.hello = { ...hello, rooms: [], now: Math.max(0, hello.now - now) };
  effects.notify({ update: "hello", ...hello, rooms: state.joinedRooms() });
  for (const room of state.rooms.values()) room.members.forgetRequests();
  syncAll(state, now, effects);
  // Before the next rooms are requested, so that the server lists them with the markers that are sent here.
  sendPending(state, hello, effects);
  if (hello.more && after !== undefined) listNext(state, now, { unlisted, listed, read: new Set(), after }, effects);
  state.outbox.resume(now);
}

/**
 * Handles the next rooms of the user. A part without a room that was not listed yet ends the listing, so that no server makes it
 * endless; then the rooms that were not listed stay.
 */
export function onJoinedRooms(state: SessionState, now: number, list: RoomList, effects: Effects): void {
  const { listing } = state;
  if (!listing || listing.after !== list.after) return;
  state.listing = undefined;
  state.roomsChanged = true;
  const { unlisted, listed, read } = listing;
  const before = listed.size;
  const added: RoomId[] = [];
  for (const summary of list.rooms.slice(0, maxRooms)) {
    const { id } = summary;
    unlisted.delete(id);
    listed.add(id);
    const readHere = read.has(id) ? state.joinedRoom(id)?.unread.read : undefined;
    const isNew = upsertRoom(state, readHere === undefined ? summary : { ...summary, read: readHere }, effects);
    const room = state.joinedRoom(id);
    if (!room) continue;
    if (isNew) {
      room.members.forgetRequests();
      added.push(id);
    } else if (!room.matchesServerHead() || room.log.isBehind) {
      // Its sync is under way. It brings what this summary shows to be missing.
      room.log.expectSync(now);
    }
  }
  syncRooms(state, now, added, effects);
  if (!list.more) return leaveAll(state, unlisted, effects);
  const after = list.rooms.at(-1)?.id;
  const hasNew = listed.size > before;
  // Otherwise there are more rooms than are kept.
  const joined = [...state.rooms.values()].filter((room) => room.isJoined).length;
  const hasSpace = Math.max(listed.size, joined) < maxRooms;
  if (after !== undefined && hasNew && hasSpace) listNext(state, now, { unlisted, listed, read, after }, effects);
}

/** Requests the next rooms of a listing. */
function listNext(state: SessionState, now: number, listing: Omit<RoomListing, "retryAt">, effects: Effects): void {
  effects.emit({ event: "rooms", data: { joined: true, after: listing.after } });
  state.listing = { ...listing, retryAt: now + listingTimeout };
}

/** Repeats the request for the user's next rooms, if its answer is overdue. */
export function retryListing(state: SessionState, now: number, effects: Effects): void {
  const { listing } = state;
  if (listing && listing.retryAt <= now) listNext(state, now, listing, effects);
}

/**
 * Handles a refusal that may be that of the request for the user's next rooms, which is repeated when the server wants it, or at
 * its next attempt. Returns whether no request of the user can be meant.
 */
export function delayListing({ listing, busy }: SessionState, now: number, { event, error }: Refused): boolean {
  if (event !== "rooms" || !isTransient(error.code) || !listing) return false;
  const wait = retryAfter(error);
  if (wait === undefined) return !busy.awaitsRooms;
  listing.retryAt = now + wait;
  return true;
}

function leaveAll(state: SessionState, rooms: ReadonlySet<RoomId>, effects: Effects): void {
  for (const id of [...rooms].sort(compare)) state.leave(id, effects);
}

export function onRoom(state: SessionState, now: number, summary: RoomSummary, effects: Effects): void {
  const { id } = summary;
  if (!summary.joined && !state.rooms.has(id)) return;
  state.listing?.unlisted.delete(id);
  state.roomsChanged = true;
  const justJoined = upsertRoom(state, summary, effects);
  const joinedHere = state.pending.joined.delete(id);
  const known = state.rooms.get(id);
  if (!known || !justJoined) return;
  known.members.forgetRequests();
  // The server answers `join` with the newest page. It sends no page of a room that was created, or joined on another device,
  // and for a room that was left and joined again the entries in between are missing.
  if (joinedHere && known.log.epoch === undefined) known.log.expectSync(now);
  else known.log.requestSync(now, id, effects);
}

/** Requests the missing entries of all rooms. */
export function syncAll(state: SessionState, now: number, effects: Effects): void {
  const joined = sortedEntries(state.rooms).filter(([, room]) => room.isJoined);
  syncRooms(
    state,
    now,
    joined.map(([id]) => id),
    effects,
  );
}

function syncRooms(state: SessionState, now: number, ids: readonly RoomId[], effects: Effects): void {
  const cursors: [RoomId, Head | null][] = [];
  for (const id of ids) {
    const room = state.rooms.get(id);
    if (!room) continue;
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

/** Forgets a room that the user has left, with its log, if no more rooms can be kept. Returns whether there is space for one. */
function makeSpace(state: SessionState, effects: Effects): boolean {
  if (state.rooms.size < maxRooms) return true;
  const left = sortedEntries(state.rooms).find(([, room]) => !room.isJoined);
  if (!left) return false;
  const [id, { log }] = left;
  state.rooms.delete(id);
  // If the user joins it again, the replica must not have a part of the log that is unknown here.
  if (log.epoch !== undefined) effects.save({ change: "reset", room: id, epoch: log.epoch });
  return true;
}

/** Takes over the server's summary of a room. Returns whether the user has just become a member of it. */
function upsertRoom(state: SessionState, summary: RoomSummary, effects: Effects): boolean {
  const known = state.rooms.get(summary.id);
  const isValid = summary.head.seq <= limits.maxSeq && summary.read <= limits.maxSeq;
  if (!isValid || (!known && !makeSpace(state, effects))) return false;
  if (!known) {
    effects.save({ change: "room", ...summary });
    state.rooms.set(summary.id, new Room(summary));
    return summary.joined;
  }
  const wasJoined = known.isJoined;
  if (known.applyServerSummary(summary)) effects.save({ change: "room", ...summary });
  return summary.joined && !wasJoined;
}
