import type { NearbyServer } from "../backend";

interface Row {
  server: NearbyServer;
  /** `true` if the server has gone. Its row stays while the pointer is among the rows. */
  gone: boolean;
}

/**
 * The rows of the list of nearby servers. None moves under the user's pointer: new servers are added at the end, and a server
 * that has gone keeps its row until the pointer has left.
 */
export class NearbyRows {
  #rows: Row[] = [];

  /** Returns the rows for the servers that are there now. */
  update(servers: readonly NearbyServer[], pointerInside: boolean): readonly Row[] {
    const current = new Map(servers.map((server) => [server.id, server]));
    const kept = this.#rows.flatMap(({ server }): Row[] => {
      const found = current.get(server.id);
      current.delete(server.id);
      if (found) return [{ server: found, gone: false }];
      return pointerInside ? [{ server, gone: true }] : [];
    });
    this.#rows = [...kept, ...[...current.values()].map((server) => ({ server, gone: false }))];
    return this.#rows;
  }
}
