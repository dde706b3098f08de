/** The way from a browser to a server: a proxy that can be cut and frozen, whatever browser it is. */

import { once } from "node:events";
import { connect, createServer } from "node:net";

export class Link {
  #listener;
  #pairs = new Set();
  #isUp = true;

  /** Listens on a free port, and forwards each connection to the server's port. */
  static async to(port) {
    const link = new Link();
    link.#listener = createServer((near) => link.#forward(near, port));
    link.#listener.listen(0, "127.0.0.1");
    await once(link.#listener, "listening");
    return link;
  }

  get url() {
    return `http://127.0.0.1:${this.#listener.address().port}`;
  }

  /** `true` if there is a WebSocket that is not frozen. */
  get hasSocket() {
    return [...this.#pairs].some(({ isSocket, isFrozen }) => isSocket && !isFrozen);
  }

  #forward(near, port) {
    if (!this.#isUp) return near.destroy();
    const far = connect(port, "127.0.0.1");
    const pair = { near, far, isSocket: false, isFrozen: false };
    this.#pairs.add(pair);
    near.once("data", (head) => (pair.isSocket = /^GET \S*transport=websocket/.test(head.toString("latin1"))));
    near.pipe(far).pipe(near);
    for (const [end, other] of [
      [near, far],
      [far, near],
    ]) {
      end
        .setNoDelay(true)
        .on("error", () => other.destroy())
        .on("close", () => {
          other.destroy();
          this.#pairs.delete(pair);
        });
    }
  }

  /** Ends all connections, and refuses new ones. */
  cut() {
    this.#isUp = false;
    for (const { near } of this.#pairs) near.destroy();
  }

  /**
   * Lets nothing through on the WebSockets that are open now, without closing them. The connections of other requests end: a
   * browser closes those that it has kept when it sees the network change.
   */
  freeze() {
    for (const pair of this.#pairs) {
      const { near, far, isSocket } = pair;
      if (!isSocket) near.destroy();
      pair.isFrozen = true;
      near.unpipe(far);
      far.unpipe(near);
      near.resume();
      far.resume();
    }
  }

  restore() {
    this.#isUp = true;
  }

  /** Keeps back what the server sends, until `resume`. */
  pause() {
    for (const { near, far } of this.#pairs) far.unpipe(near);
  }

  resume() {
    for (const { near, far } of this.#pairs) far.pipe(near);
  }

  async close() {
    this.cut();
    this.#listener.close();
    await once(this.#listener, "close");
  }
}
