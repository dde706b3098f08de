/** The events about the logs of rooms: `entries`, `page`, `reset` and `heads`. */

import { propertiesOf } from "../entry-kinds";
import {
  type Entries,
  type Entry,
  type Epoch,
  type Heads,
  limits,
  type Page,
  type Reset,
  type RoomId,
} from "../protocol";
import type { Effects } from "./effects";
import { maxPending } from "./log";
import { sortedEntries } from "./order";
import { membersUpdate, type Room } from "./room";
import type { SessionState } from "./state";

/** The longest page that is accepted. Servers send fewer entries. */
const maxPage = 2_000;

export function onEntries(state: SessionState, now: number, batch: Entries, effects: Effects): void {
  const id = batch.room;
  const room = state.joinedRoom(id);
  if (!room) return;
  if (room.log.epoch !== undefined && room.log.epoch !== batch.epoch) {
    room.log.requestSync(now, id, effects);
    return;
  }
  const last = room.log.last;
  const known = batch.entries.filter((entry) => entry.seq <= last);
  const pending = [...state.rooms.values()].reduce((sum, { log }) => sum + log.pendingCount(), 0);
  const added = room.log.addLive(batch.epoch, batch.entries, Math.max(0, maxPending - pending));
  state.outbox.acknowledgeUnsaved(known, effects);
  append(state, id, added, effects);
  if (added.length > 0) notifyEntries(state, id, added, [], effects);
  room.log.requestMissing(now, id, effects);
}

export function onPage(state: SessionState, now: number, page: Page, effects: Effects): void {
  const id = page.room;
  const room = state.joinedRoom(id);
  if (!room || !isValid(page)) return;
  const epoch = room.log.epoch;
  if (epoch !== undefined && epoch !== page.head.epoch) {
    room.log.requestSync(now, id, effects);
    return;
  }
  const added = room.log.addPage(page);
  const isFirstPage = epoch === undefined && room.log.epoch !== undefined;
  if (isFirstPage) room.unread.restart(room.log.first);
  if (added.below.length > 0) {
    effects.save({ change: "entries", room: id, epoch: page.head.epoch, entries: added.below });
    state.outbox.acknowledgeSaved(added.below);
  }
  append(state, id, added.above, effects);
  if (isFirstPage) recountUnread(state, room);
  state.outbox.acknowledgeUnsaved(page.entries, effects);
  extendUnreadBack(state, id, page.entries);
  const end = page.entries.at(-1)?.seq ?? 0;
  const beyondPage = added.above.filter((entry) => entry.seq > end);
  notifyEntries(state, id, [...page.entries, ...beyondPage], page.later ?? [], effects);
  room.log.extendSyncTimeout(now);
  room.log.requestMissing(now, id, effects);
}

export function onReset(state: SessionState, now: number, { room: id, head }: Reset, effects: Effects): void {
  const room = state.joinedRoom(id);
  if (!room) return;
  room.unread.reset(head.seq);
  dropLog(room, id, head.epoch, effects);
  // The server sends the newest page without being asked.
  room.log.expectSync(now);
}

/** Drops a log that the replica can't read, and requests it from the server. Returns false for a room that the user has left. */
export function replaceLog(state: SessionState, now: number, id: RoomId, effects: Effects): boolean {
  const room = state.joinedRoom(id);
  if (!room) return false;
  room.unread.restart(1);
  dropLog(room, id, room.summary().head.epoch, effects);
  room.log.requestSync(now, id, effects);
  return true;
}

export function onHeads(state: SessionState, now: number, { heads }: Heads, effects: Effects): void {
  for (const [id, head] of sortedEntries(new Map(Object.entries(heads)))) {
    const room = state.joinedRoom(id);
    if (!room || head.seq > limits.maxSeq) continue;
    if (room.log.updateHead(head)) room.log.requestMissing(now, id, effects);
    else room.log.requestSync(now, id, effects);
  }
}

/** Repeats the requests whose answer is overdue. */
export function retryRequests(state: SessionState, now: number, effects: Effects): void {
  for (const [id, room] of sortedEntries(state.rooms)) {
    const retryAt = room.log.retryAt();
    if (room.isJoined && retryAt !== undefined && retryAt <= now) room.log.requestMissing(now, id, effects);
  }
}

/** Makes the unread count more exact by older entries of the range. */
export function extendUnreadBack(state: SessionState, id: RoomId, entries: readonly Entry[]): void {
  const room = state.rooms.get(id);
  const first = entries[0];
  if (!room || state.me === undefined || !first || first.seq < room.log.first) return;
  room.unread.extendBack(entries, state.me);
}

export function notifyEntries(
  state: SessionState,
  id: RoomId,
  entries: Entry[],
  later: Entry[],
  effects: Effects,
): void {
  const room = state.rooms.get(id);
  if (!room) return;
  const { head } = room.summary();
  effects.notify({ update: "entries", room: id, head, entries, ...(later.length > 0 ? { later } : {}) });
  room.members.need(new Set([...entries, ...later].map(({ author }) => author)));
  if (state.connection.isOnline) room.members.requestWanted(id, effects);
}

/** Saves entries that extend a room's range at its end, and applies them to the room. */
function append(state: SessionState, id: RoomId, entries: Entry[], effects: Effects): void {
  const room = state.rooms.get(id);
  const epoch = room?.log.epoch;
  if (!room || state.me === undefined || epoch === undefined || entries.length === 0) return;
  effects.save({ change: "entries", room: id, epoch, entries });
  let membersChanged = false;
  for (const entry of entries) {
    const changes = room.append(entry, state.me);
    state.roomsChanged ||= changes.summary;
    membersChanged ||= changes.members;
    // A member who has posted a message has stopped typing it.
    if (propertiesOf(entry.body).countsAsUnread) state.typing.stopped(id, entry.author);
  }
  if (membersChanged) effects.notify(membersUpdate(id, room));
  state.outbox.acknowledgeSaved(entries);
}

/** Drops a room's entries, here, in the replica and in the interface. */
function dropLog(room: Room, id: RoomId, epoch: Epoch, effects: Effects): void {
  room.log.clear();
  effects.save({ change: "reset", room: id, epoch });
  effects.notify({ update: "reset", room: id });
}

/** Counts the unread messages of a room's first page, which the server's count may not include. */
function recountUnread(state: SessionState, room: Room): void {
  const before = room.unread.count;
  room.unread.recount();
  state.roomsChanged ||= before !== room.unread.count;
}

/** Returns whether a page keeps the protocol's rules. An invalid one is dropped, as if it had been lost. */
function isValid({ entries, later = [], head }: Page): boolean {
  const isNumbered = (entries[0]?.seq ?? 1) >= 1;
  const hasNoGap = entries.every((entry, i) => i === 0 || entry.seq === (entries[i - 1]?.seq ?? 0) + 1);
  const endsAtHead = (entries.at(-1)?.seq ?? 0) <= head.seq;
  const laterIsSorted = later.every((entry, i) => i === 0 || entry.seq > (later[i - 1]?.seq ?? 0));
  const isBounded = entries.length <= maxPage && head.seq <= limits.maxSeq;
  return isNumbered && hasNoGap && endsAtHead && laterIsSorted && isBounded;
}
