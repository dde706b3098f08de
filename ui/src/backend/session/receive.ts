/** What the server says: which event goes where, and the small ones themselves. */

import type { MemberList, Read, Refused, RoomId, ServerEvent, TypingNow } from "../protocol";
import { isTransient } from "../wire-error";
import { hello, room, roomsMost } from "./hello";
import type { Session } from "./index";
import { entries, heads, page, reset } from "./log-events";
import type { Out } from "./effects";

/** Members of a room that are kept. */
const membersMost = 20_000;

export function receive(session: Session, now: number, { event, data }: ServerEvent, out: Out): void {
  if (event === "hello") {
    if (session.line.awaitsHello) hello(session, now, data, out);
    return;
  }
  // Before its hello a server has nothing to say, and hello is said once.
  if (!session.line.isOnline) return;
  switch (event) {
    case "entries":
      return entries(session, now, data, out);
    case "page":
      return page(session, now, data, out);
    case "reset":
      return reset(session, now, data, out);
    case "heads":
      return heads(session, now, data, out);
    case "rooms":
      return out.up({ update: "directory", rooms: data.rooms.slice(0, roomsMost) });
    case "room":
      return room(session, now, data, out);
    case "members":
      return members(session, data, out);
    case "presence":
      return session.people.learn(data.people);
    case "typing":
      return types(session, now, data);
    case "read":
      read(session, data, out);
      return;
    case "refused":
      return refused(session, now, data, out);
    case "closing":
      return session.line.closing(now, data.message, out);
  }
}

function members(session: Session, list: MemberList, out: Out): void {
  const { room } = list;
  const known = session.rooms.get(room);
  if (!known?.isJoined) return;
  const members = list.members.slice(0, membersMost);
  known.members = members;
  known.membersAsked = true;
  out.save({ change: "members", room, members });
  out.up({ update: "members", room, members });
}

function types(session: Session, now: number, { room, member, on }: TypingNow): void {
  if (session.me === member || !session.rooms.get(room)?.isJoined) return;
  if (on) session.typing.types(now, room, member);
  else session.typing.stopped(room, member);
}

/** How far the person has read, here or on another device. */
export function read(session: Session, { room, seq }: Read, out: Out): boolean {
  const known = session.rooms.get(room);
  if (!known?.isJoined) return false;
  if (known.unread.read === seq || seq > known.summary().head.seq) return false;
  known.unread.readTo(seq);
  session.roomsChanged = true;
  out.save({ change: "read", room, seq });
  return true;
}

function refused(session: Session, now: number, { event, room, id, error }: Refused, out: Out): void {
  if (event === "post" && id !== undefined && session.outbox.refused(now, id, error, out)) return;
  // These ask for themselves again, after a while.
  if ((event === "sync" || event === "history") && isTransient(error.code)) return;
  const ofRoom = event === "sync" || event === "history" || event === "members";
  const gone = error.code === "unknown_room" || error.code === "not_joined";
  if (ofRoom && room !== undefined && gone) lost(session, room, out);
  if (event === "create" && room !== undefined) session.wishes.created.delete(room);
  out.up({ update: "refused", event, room, error });
}

/** The server says that this room is none of ours any more. */
function lost(session: Session, id: RoomId, out: Out): void {
  const room = session.rooms.get(id);
  if (!room?.isJoined) return;
  room.leave();
  out.save({ change: "room", ...room.summary() });
  session.roomsChanged = true;
}
