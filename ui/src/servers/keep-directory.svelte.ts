import { untrack } from "svelte";
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
