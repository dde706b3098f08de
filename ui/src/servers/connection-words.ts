import { words } from "../shared/words";
import type { ServerState } from "./server-state.svelte";

/** After so many attempts in vain it is no longer a hiccup. */
const hiccups = 3;

/** Where the connection to a server stands, as a person reads it; nothing where all is well. */
export function connectionWords({ connection, id, known }: ServerState, hosted: string | undefined): string {
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
      return "";
  }
}
