import { untrack } from "svelte";
import type { ServerState } from "./server-state.svelte";

/**
 * Requests the list of a server's rooms while a component is shown: at once, and after each reconnect. Without a connection
 * the request would be refused.
 */
export function keepDirectory(server: () => ServerState | undefined): void {
  $effect(() => {
    const asked = server();
    if (asked?.connection.state !== "online") return;
    untrack(() => asked.browse());
  });
}
