import { untrack } from "svelte";
import { searchDelay } from "../shared/search-delay";
import type { ServerState } from "./server-state.svelte";

/**
 * Requests the lists of servers' rooms while a component is shown: at once, and after each reconnect. Without a connection
 * the request would be refused.
 */
export function keepDirectories(servers: () => readonly ServerState[]): void {
  // Only a server that has got a connection is asked again.
  let asked: readonly ServerState[] = [];
  $effect(() => {
    const connected = servers().filter(({ connection }) => connection.state === "online");
    const added = connected.filter((server) => !asked.includes(server));
    asked = connected;
    untrack(() => added.forEach((server) => server.browse()));
  });
}

/** Looks for the rooms of servers that have a text in their names, topics or addresses, where not all are listed. */
export function lookForRooms(servers: () => readonly ServerState[], query: () => string): void {
  $effect(() => {
    const text = query().trim();
    const asked = servers().filter((server) => server.connection.state === "online" && server.isDirectoryPartial);
    if (text === "" || asked.length === 0) return;
    const timer = setTimeout(() => asked.forEach((server) => server.browse(text)), searchDelay);
    return () => clearTimeout(timer);
  });
}
