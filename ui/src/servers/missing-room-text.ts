import { strings } from "../shared/strings";
import type { ServerState } from "./server-state.svelte";

type SearchedServer = Pick<ServerState, "connection" | "directoryError" | "hasLookedFor">;

/** Returns whether a server has yet to answer whether it has a room that is looked for. */
export const isLookingFor = (server: SearchedServer, query: string): boolean =>
  server.connection.state === "online" && server.directoryError === null && !server.hasLookedFor(query);

/** Returns why no room is shown that is looked for. `none` says that there is none: only once the server has answered. */
export function missingRoomText(server: SearchedServer, query: string, none: string): string {
  if (server.hasLookedFor(query)) return none;
  if (server.directoryError !== null) return server.directoryError;
  return server.connection.state === "online" ? strings.rooms.lookingFor : strings.rooms.notFoundOffline;
}
