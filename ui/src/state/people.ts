/** The ways to a person: to the list of people that they are in, and to a room that they read. */

import type { MemberId, Person } from "../backend/protocol";
import type { RoomState } from "../rooms/room-state.svelte";
import type { ServerState } from "../servers/server-state.svelte";
import type { AppState } from "./app-state.svelte";

/** Shows a member in the list of people of the open room if they are in it, otherwise of another room they are in. */
export function showPerson(app: AppState, server: ServerState, member: MemberId): void {
  app.open(server.id, roomWith(app, server, member)?.id ?? server.lobby);
  app.panel = "people";
  app.highlightedMember = member;
}

/**
 * Opens a room that a person is in, and returns the mention with which to begin a message to them there. Where it would mean
 * somebody else of that name, shows the person in the list of people and returns null.
 */
export function openRoomWith(app: AppState, server: ServerState, { id, name }: Person): string | null {
  const room = roomWith(app, server, id);
  const meant = room?.mentions.mentionedBy(name) ?? id;
  if (meant !== id) showPerson(app, server, id);
  else app.open(server.id, room?.id ?? server.lobby);
  return meant === id ? `@${name}` : null;
}

/** Returns a room that a member is in: the open one if possible. Everyone on a server is in its lobby. */
export function roomWith(app: AppState, server: ServerState, member: MemberId): RoomState | undefined {
  const hasMember = (room: RoomState) => room.members.some(({ id, left }) => id === member && !left);
  const open = server === app.server ? app.room : undefined;
  if (open && hasMember(open)) return open;
  return server.rooms.find(hasMember) ?? (server.lobby === null ? undefined : server.room(server.lobby));
}
