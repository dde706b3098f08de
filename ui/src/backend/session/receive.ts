/** The events of the server: which part of the session handles which, and the small ones themselves. */

import type { MemberList, Presence, Refused, RoomId, ServerEvent, TypingNow } from "../protocol";
import { isTransient } from "../wire-error";
import type { Effects } from "./effects";
import { delayListing, maxRooms, onHello, onJoinedRooms, onRoom } from "./hello";
import { onEntries, onHeads, onPage, onReset } from "./log-events";
import { sortedEntries } from "./order";
import { membersUpdate } from "./room";
import type { SessionState } from "./state";

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
      if (data.joined) return onJoinedRooms(state, now, data, effects);
      state.busy.foundRooms(data);
      return effects.notify({ update: "directory", ...data, rooms: data.rooms.slice(0, maxRooms) });
    case "room":
      return onRoom(state, now, data, effects);
    case "members":
      return onMembers(state, data, effects);
    case "presence":
      return onPresence(state, data, effects);
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
  const id = list.room;
  state.busy.foundMembers(list);
  const room = state.joinedRoom(id);
  if (!room) return;
  room.members.add(list, effects);
  room.members.needOnline(id, state.presence.ids(), effects);
  if (room.members.isListed) {
    const { isPartial } = room.members;
    effects.save({ change: "members", room: id, members: room.members.toArray(), partial: isPartial || undefined });
  }
  effects.notify(membersUpdate(id, room));
}

/** Handles the presence of people, whose names are needed where not all members of a room are known. */
function onPresence(state: SessionState, { people }: Presence, effects: Effects): void {
  const ids = people.map(({ id }) => id);
  for (const [id, room] of sortedEntries(state.rooms)) if (room.isJoined) room.members.needOnline(id, ids, effects);
  state.presence.update(people);
}

function onTyping(state: SessionState, now: number, { room, member, on }: TypingNow): void {
  if (state.me === member || !state.joinedRoom(room)) return;
  if (on) state.typing.started(now, room, member);
  else state.typing.stopped(room, member);
}

function onRefused(state: SessionState, now: number, { event, room, id, error }: Refused, effects: Effects): void {
  const isDelayed = delayListing(state, now, { event, room, id, error });
  if (state.busy.refuse(now, { event, room, id, error }) || isDelayed) return;
  if (event === "post" && id !== undefined && state.outbox.refuse(now, id, error, effects)) return;
  // The log repeats its requests by itself.
  const isRepeated = event === "sync" || (event === "history" && awaitsHistory(state, room));
  // Nobody waits for a typing indicator.
  if ((isRepeated || event === "typing") && isTransient(error.code)) return;
  if (event === "members" && isTransient(error.code)) {
    if (room !== undefined) state.rooms.get(room)?.members.refuse();
    return;
  }
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
