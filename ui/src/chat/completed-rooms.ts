import type { ServerState } from "../servers/server-state.svelte";
import type { Vocabulary } from "./completion";

/** Returns the rooms whose names are suggested: those that the user is in, then the others that the server has listed. */
export function completedRooms(
  server: Pick<ServerState, "joinedRooms" | "directory" | "isIn" | "roomNames">,
): Vocabulary["rooms"] {
  const joined = server.joinedRooms.map(({ id, name }) => ({ id, name, piece: server.roomNames.markOf(id) }));
  const others = (server.directory ?? [])
    .filter(({ id }) => !server.isIn(id))
    .map(({ id, name }) => ({ id, name, piece: server.roomNames.markOf(id), isOther: true }));
  return [...joined, ...others];
}
