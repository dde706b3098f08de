/** The ways to a server and its rooms: to host one, and to join one. */

import type { RoomId, ServerId } from "../backend/protocol";
import type { ServerState } from "../servers/server-state.svelte";
import type { AppState } from "./app-state.svelte";

/** Hosts a server and shows how others join it. Returns whether that succeeded; a failure is shown as a toast. */
export async function host(app: AppState): Promise<boolean> {
  const { hosting } = app.backend;
  if (!hosting || !app.profile) return false;
  app.opensHosted = true;
  const succeeded = await app.tryOrToast(hosting.start(app.profile.name));
  if (succeeded) app.panel = "share";
  else app.opensHosted = false;
  return succeeded;
}

/** Joins a server of this network. Returns whether that succeeded; a failure is shown as a toast. */
export async function joinNearby(app: AppState, server: ServerId): Promise<boolean> {
  const { nearby } = app.backend;
  if (!nearby) return false;
  const succeeded = await app.tryOrToast(nearby.join(server));
  if (succeeded) app.open(server);
  return succeeded;
}

/** Joins a server by its address. Rejects with the error to show beside the field. */
export async function joinAddress(app: AppState, address: string): Promise<void> {
  const server = await app.backend.servers?.join(address);
  if (server !== undefined) app.open(server);
}

/**
 * Opens a room, and joins it first if the user isn't in it. Rejects if the back end can't, which has been shown to the user. The
 * refusal of the server, or of a session without a connection, is an update of its own. In all of these cases the user gets the
 * reason, and is back where they were.
 */
export async function openOrJoin(app: AppState, server: ServerState, room: RoomId): Promise<void> {
  const isIn = server.isIn(room);
  // The page of a missing room stays until the room is there.
  if (app.navigation.missingRoom !== room) app.open(server.id, room);
  if (isIn) return;
  try {
    // A refusal may come before this resolves: it goes back from the room that has been opened.
    await server.command({ command: "join", room });
  } catch (error) {
    app.onJoinRefused(server, room);
    throw error;
  }
}
