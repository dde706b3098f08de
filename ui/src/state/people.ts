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

/** The place that opens when a person is chosen. */
export interface PersonAction {
  /** The room that is opened. */
  room: RoomState | undefined;
  /**
   * The mention with which a message to the person is begun in the room. Null if the person is shown in the list of its people
   * instead: there is a draft, or the mention would mean somebody else of that name.
   */
  mention: string | null;
}

/** Returns what choosing a person does, before anything is opened. */
export function personAction(app: AppState, server: ServerState, { id, name }: Person): PersonAction {
  const room = roomWith(app, server, id);
  const meant = room?.mentions.mentionedBy(name) ?? id;
  const hasDraft = room !== undefined && app.drafts.of(server.id, room.id).shownText !== "";
  return { room, mention: meant === id && !hasDraft ? `@${name}` : null };
}

/**
 * Opens the room of a person, and returns the mention with which to begin a message there; or shows the person and returns null.
 */
export function openRoomWith(app: AppState, server: ServerState, person: Person): string | null {
  const { room, mention } = personAction(app, server, person);
  if (mention === null) showPerson(app, server, person.id);
  else app.open(server.id, room?.id ?? server.lobby);
  return mention;
}

/**
 * Returns a room that a member is in: the open one if possible, also where not all of its members are known. Everyone on a server
 * is in its lobby.
 */
export function roomWith(app: AppState, server: ServerState, member: MemberId): RoomState | undefined {
  const hasMember = (room: RoomState) => room.members.some(({ id, left }) => id === member && !left);
  const open = server === app.server ? app.room : undefined;
  if (open && (hasMember(open) || !open.knowsAllMembers)) return open;
  return server.rooms.find(hasMember) ?? (server.lobby === null ? undefined : server.room(server.lobby));
}
