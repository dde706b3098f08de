import { strings } from "../shared/strings";
import type { ServerState } from "./server-state.svelte";

/** After so many attempts in vain it is no longer a hiccup. */
const maxQuietAttempts = 3;

/** How it stands with a server, as a person reads it; nothing where all is well. */
export function connectionText(
  { connection, postingError, id, known }: ServerState,
  hostedServer: string | undefined,
): string {
  switch (connection.state) {
    case "refused":
      return `${strings.banner.refused} ${connection.error.message}`;
    case "reconnecting":
      // This device's own server, which nothing but hosting again brings back.
      if (known.own && hostedServer !== id) return strings.banner.stopped;
      if (connection.message) return strings.banner.closed(connection.message);
      return connection.attempts > maxQuietAttempts ? strings.banner.offline : strings.banner.reconnecting;
    case "connecting":
      return strings.banner.connecting;
    case "online":
      if (postingError?.code === "storage" || postingError?.code === "busy")
        return strings.banner.blocked[postingError.code];
      return postingError ? strings.banner.closed(postingError.message) : "";
  }
}
