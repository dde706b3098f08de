/** The way from a browser to a server: a proxy that can be cut, whatever browser it is. */

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

  #forward(near, port) {
    if (!this.#isUp) return near.destroy();
    const far = connect(port, "127.0.0.1");
    const pair = [near, far];
    this.#pairs.add(pair);
    near.pipe(far).pipe(near);
    for (const [end, other] of [pair, [far, near]]) {
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
    for (const [near] of this.#pairs) near.destroy();
  }

  /** Lets nothing through on the connections that are open now, without closing them. */
  freeze() {
    for (const [near, far] of this.#pairs) {
      near.unpipe(far);
      far.unpipe(near);
      near.resume();
      far.resume();
    }
  }

  restore() {
    this.#isUp = true;
  }

  async close() {
    this.cut();
    this.#listener.close();
    await once(this.#listener, "close");
  }
}
