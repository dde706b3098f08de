import { words } from "../shared/words";
import type { ServerState } from "./server-state.svelte";

/** After so many attempts in vain it is no longer a hiccup. */
const hiccups = 3;

/** How it stands with a server, as a person reads it; nothing where all is well. */
export function connectionWords({ connection, held, id, known }: ServerState, hosted: string | undefined): string {
  switch (connection.state) {
    case "refused":
      return `${words.banner.refused} ${connection.error.message}`;
    case "reconnecting":
      // This device's own server, which nothing but hosting again brings back.
      if (known.own && hosted !== id) return words.banner.stopped;
      if (connection.message) return words.banner.closed(connection.message);
      return connection.attempts > hiccups ? words.banner.offline : words.banner.reconnecting;
    case "connecting":
      return words.banner.connecting;
    case "online":
      if (held?.code === "storage" || held?.code === "busy") return words.banner.held[held.code];
      return held ? words.banner.closed(held.message) : "";
  }
}
