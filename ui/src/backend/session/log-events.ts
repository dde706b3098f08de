/** What the server says of a room's log: `entries`, `page`, `reset` and `heads`. */

import type { Entries, Entry, Heads, Page, Reset, RoomId } from "../protocol";
import type { Session } from "./index";
import { heldInAll, seqMax } from "./log";
import { inOrder } from "./order";
import type { Out } from "./effects";
import type { Room } from "./room";

/** Entries of one page, whatever the server calls its limit. */
const pageMost = 2_000;

export function entries(session: Session, now: number, batch: Entries, out: Out): void {
  const room = joinedRoom(session, batch.room);
  if (!room) return;
  if (room.log.epoch !== undefined && room.log.epoch !== batch.epoch) {
    room.log.sync(now, batch.room, out);
    return;
  }
  const last = room.log.last;
  const stands = batch.entries.filter((entry) => entry.seq <= last);
  session.outbox.acknowledgeUnsaved(stands, out);
  const held = [...session.rooms.values()].reduce((sum, room) => sum + room.log.held, 0);
  const applied = room.log.take(batch.epoch, batch.entries, Math.max(0, heldInAll - held));
  apply(session, batch.room, applied, out);
  if (applied.length > 0) tellEntries(session, batch.room, applied, [], out);
  ask(session, now, batch.room, out);
}

export function page(session: Session, now: number, said: Page, out: Out): void {
  const id = said.room;
  const room = joinedRoom(session, id);
  if (!room || !isSound(said)) return;
  const before = room.log.epoch;
  if (before !== undefined && before !== said.head.epoch) {
    room.log.sync(now, id, out);
    return;
  }
  const later = said.later ?? [];
  const placed = room.log.place(said);
  if (before === undefined && room.log.epoch !== undefined) room.unread.restart(room.log.first);
  if (placed.below.length > 0) {
    out.save({ change: "entries", room: id, epoch: said.head.epoch, entries: placed.below });
    session.outbox.acknowledge(placed.below);
  }
  apply(session, id, placed.above, out);
  if (before === undefined) recount(session, room);
  session.outbox.acknowledgeUnsaved(said.entries, out);
  lookedBack(session, id, said.entries);
  const upto = said.entries.at(-1)?.seq ?? 0;
  const more = placed.above.filter((entry) => entry.seq > upto);
  tellEntries(session, id, [...said.entries, ...more], later, out);
  room.log.progressed(now);
  ask(session, now, id, out);
}

export function reset(session: Session, now: number, { room: id, head }: Reset, out: Out): void {
  const room = joinedRoom(session, id);
  if (!room) return;
  room.log.reset(now);
  room.unread.reset(head.seq);
  out.save({ change: "reset", room: id, epoch: head.epoch });
  out.up({ update: "reset", room: id });
}

export function heads(session: Session, now: number, said: Heads, out: Out): void {
  for (const [id, head] of inOrder(new Map(Object.entries(said.heads)))) {
    const room = joinedRoom(session, id);
    if (!room || head.seq > seqMax) continue;
    if (room.log.learnHead(head)) room.log.ask(now, id, out);
    else room.log.sync(now, id, out);
  }
}

/** Asks again for what was asked for and did not come. */
export function askAgain(session: Session, now: number, out: Out): void {
  for (const [id, room] of inOrder(session.rooms)) {
    const due = room.log.due();
    if (room.isJoined && due !== undefined && due <= now) room.log.ask(now, id, out);
  }
}

/** Older entries of the range make the unread count exact. */
export function lookedBack(session: Session, id: RoomId, older: readonly Entry[]): void {
  const room = session.rooms.get(id);
  const first = older[0];
  if (!room || session.me === undefined || !first || first.seq < room.log.first) return;
  room.unread.lookedBack(older, session.me);
}

export function tellEntries(session: Session, id: RoomId, told: Entry[], later: Entry[], out: Out): void {
  const room = session.rooms.get(id);
  if (!room) return;
  out.up({ update: "entries", room: id, head: room.summary().head, entries: told, ...unlessEmpty(later) });
}

/** Entries that follow the last one held: saves them, and lets them change the picture. */
function apply(session: Session, id: RoomId, applied: Entry[], out: Out): void {
  const room = session.rooms.get(id);
  const epoch = room?.log.epoch;
  if (!room || session.me === undefined || epoch === undefined || applied.length === 0) return;
  out.save({ change: "entries", room: id, epoch, entries: applied });
  let members = false;
  for (const entry of applied) {
    const changed = room.applied(entry, session.me);
    session.roomsChanged ||= changed.summary;
    members ||= changed.members;
    if (entry.body.kind === "message") session.typing.stopped(id, entry.author);
  }
  if (members) out.up({ update: "members", room: id, members: [...room.members] });
  session.outbox.acknowledge(applied);
}

/** The first page of a room shows what the server's count, or the one before a reset, did not know. */
function recount(session: Session, room: Room): void {
  const before = room.unread.count;
  room.unread.recount();
  session.roomsChanged ||= before !== room.unread.count;
}

/** Asks for what is missing of a room. */
function ask(session: Session, now: number, id: RoomId, out: Out): void {
  joinedRoom(session, id)?.log.ask(now, id, out);
}

function joinedRoom(session: Session, id: RoomId): Room | undefined {
  const room = session.rooms.get(id);
  return room?.isJoined ? room : undefined;
}

function unlessEmpty(later: Entry[]): { later?: Entry[] } {
  return later.length > 0 ? { later } : {};
}

/** Whether a page is what the protocol calls one; another one is dropped, as if it had been lost. */
function isSound({ entries, later = [], head }: Page): boolean {
  const numbered = (entries[0]?.seq ?? 1) >= 1;
  const unbroken = entries.every((entry, at) => at === 0 || entry.seq === (entries[at - 1]?.seq ?? 0) + 1);
  const ends = (entries.at(-1)?.seq ?? 0) <= head.seq;
  const rising = later.every((entry, at) => at === 0 || entry.seq > (later[at - 1]?.seq ?? 0));
  const small = entries.length <= pageMost && head.seq <= seqMax;
  return numbered && unbroken && ends && rising && small;
}
