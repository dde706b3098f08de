import { strings } from "../shared/strings";
import type { ServerState } from "./server-state.svelte";

/** The number of failed attempts after which the text says that the server can't be reached. */
const maxQuietAttempts = 3;

/** The part of a server's state that the text depends on. */
type ConnectedServer = Pick<ServerState, "connection" | "postingError" | "id" | "known" | "name">;

/** Returns whether an attempt to connect can help: the connection is lost, and the server is not this device's own, stopped one. */
export function canTryNow(
  { connection, id, known }: Pick<ConnectedServer, "connection" | "id" | "known">,
  hostedServer: string | undefined,
): boolean {
  const isLost = connection.state === "reconnecting" || connection.state === "refused";
  return isLost && (!known.own || hostedServer === id);
}

/** Describes the state of a server's connection for the user. Returns an empty string if all is well. */
export function connectionText(
  { connection, postingError, id, known, name }: ConnectedServer,
  hostedServer: string | undefined,
): string {
  switch (connection.state) {
    case "refused":
      return `${strings.banner.refused} ${connection.error.message}`;
    case "reconnecting":
      // This device's own server comes back only when it is hosted again.
      if (known.own && hostedServer !== id) return strings.banner.stopped;
      if (connection.stopped) return strings.banner.hostStopped(name);
      // What the server has said before it went is true only until it is gone.
      if (connection.message)
        return connection.attempts > 0 ? strings.banner.shutDown(name) : strings.banner.closed(connection.message);
      return connection.attempts > maxQuietAttempts ? strings.banner.offline : strings.banner.reconnecting;
    case "connecting":
      return strings.banner.connecting;
    case "online":
      if (postingError?.code === "storage" || postingError?.code === "busy")
        return strings.banner.blocked[postingError.code];
      return postingError ? strings.banner.closed(postingError.message) : "";
  }
}
