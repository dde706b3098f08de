/** The events of the server: which part of the session handles which, and the small ones themselves. */

import type { MemberList, Refused, RoomId, ServerEvent, TypingNow } from "../protocol";
import { isTransient } from "../wire-error";
import type { Effects } from "./effects";
import { maxRooms, onHello, onRoom } from "./hello";
import { onEntries, onHeads, onPage, onReset } from "./log-events";
import type { SessionState } from "./state";

/** A bound on the members of a room that a hostile server can make the client keep. */
const maxMembers = 20_000;

export function receive(state: SessionState, now: number, { event, data }: ServerEvent, effects: Effects): void {
  if (!state.connection.isOnline) {
    // The server has nothing to say before its `hello`.
    if (event === "hello" && state.connection.awaitsHello) onHello(state, now, data, effects);
    return;
  }
  switch (event) {
    case "entries":
      return onEntries(state, now, data, effects);
    case "page":
      return onPage(state, now, data, effects);
    case "reset":
      return onReset(state, now, data, effects);
    case "heads":
      return onHeads(state, now, data, effects);
    case "rooms":
      return effects.notify({ update: "directory", rooms: data.rooms.slice(0, maxRooms) });
    case "room":
      return onRoom(state, now, data, effects);
    case "members":
      return onMembers(state, data, effects);
    case "presence":
      return state.presence.update(data.people);
    case "typing":
      return onTyping(state, now, data);
    case "read":
      state.busy.dropReplaced({ event: "read", data });
      if (state.moveReadMarker(data)) effects.save({ change: "read", room: data.room, seq: data.seq });
      return;
    case "refused":
      return onRefused(state, now, data, effects);
    case "closing":
      return state.connection.serverClosing(now, data, effects);
    case "hello":
      // A second `hello` is an error of the server.
      return;
  }
}

function onMembers(state: SessionState, list: MemberList, effects: Effects): void {
  const { room } = list;
  const known = state.joinedRoom(room);
  if (!known) return;
  const members = list.members.slice(0, maxMembers);
  known.members = members;
  known.membersRequested = true;
  effects.save({ change: "members", room, members });
  effects.notify({ update: "members", room, members });
}

function onTyping(state: SessionState, now: number, { room, member, on }: TypingNow): void {
  if (state.me === member || !state.joinedRoom(room)) return;
  if (on) state.typing.started(now, room, member);
  else state.typing.stopped(room, member);
}

function onRefused(state: SessionState, now: number, { event, room, id, error }: Refused, effects: Effects): void {
  if (state.busy.refuse(now, { event, room, id, error })) return;
  if (event === "post" && id !== undefined && state.outbox.refuse(now, id, error, effects)) return;
  // The log repeats its requests by itself.
  const isRepeated = event === "sync" || (event === "history" && awaitsHistory(state, room));
  // Nobody waits for a typing indicator.
  if ((isRepeated || event === "typing") && isTransient(error.code)) return;
  const readsRoom = event === "sync" || event === "history" || event === "members";
  const noMember = error.code === "unknown_room" || error.code === "not_joined";
  if (readsRoom && noMember && room !== undefined) state.leave(room, effects);
  if (event === "join" && room !== undefined) state.pending.joined.delete(room);
  effects.notify({ update: "refused", event, room, id, error });
}

/** Returns whether a room's log has requested history. Otherwise the user has. */
function awaitsHistory(state: SessionState, room: RoomId | undefined): boolean {
  return room !== undefined && (state.rooms.get(room)?.log.awaitsHistory ?? false);
}
