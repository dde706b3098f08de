/**
 * Clients as the Socket.IO chat tutorial teaches them, one for each of its stages, against the real server.
 * They know nothing of this project: what they call is what the tutorial's page calls.
 *
 * - the first stages: `emit("chat message", text)`, and everybody's messages come, one's own included
 * - "Server delivery": who was away gets what it missed, once and in order, by its `serverOffset`
 * - "Client delivery": a repeated `clientOffset` is one message, and the acknowledgement comes
 * - "Client delivery": what is said while the server is down arrives when it is back, once
 * - the tutorial's page and a client of this protocol talk with each other
 */

import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import { io } from "socket.io-client";
import { Member } from "./member.mjs";
import { eventually, Server, skip } from "./server.mjs";

const withinMs = 15_000;

/** A page of the tutorial: its form, and its list of messages. */
class Page {
  messages = [];
  socket;
  #counter = 0;

  /** `io()` as the stage calls it; the tutorial's page finds its own origin. */
  constructor(url, options) {
    this.socket = io(url, { forceNew: true, ...options });
    this.socket.on("chat message", (msg, serverOffset) => {
      this.messages.push(msg);
      if (this.socket.auth) this.socket.auth.serverOffset = serverOffset;
    });
  }

  /** The stages up to "Server delivery". */
  static simple(url) {
    return new Page(url, {});
  }

  /** "Server delivery". */
  static withOffset(url) {
    return new Page(url, { auth: { serverOffset: 0 } });
  }

  /** "Client delivery". */
  static withRetries(url, ackTimeout = 10_000) {
    return new Page(url, { auth: { serverOffset: 0 }, ackTimeout, retries: 3 });
  }

  async isConnected() {
    if (!this.socket.connected) await once(this.socket, "connect");
    return this;
  }

  submit(text) {
    this.socket.emit("chat message", text);
  }

  submitOnce(text) {
    this.socket.emit("chat message", text, `${this.socket.id}-${this.#counter++}`);
  }

  async shows(text) {
    await eventually(`"${text}" is shown`, withinMs, () => this.messages.includes(text));
  }

  times(text) {
    return this.messages.filter((message) => message === text).length;
  }

  close() {
    this.socket.disconnect();
  }
}

describe("the tutorial's client", { skip }, () => {
  let server;
  before(async () => (server = await Server.start()));
  after(() => server?.remove());

  test("its first stages: what one says everybody sees, oneself included", async () => {
    const alice = await Page.simple(server.url).isConnected();
    const bob = await Page.simple(server.url).isConnected();
    alice.submit("hello from the form");
    await Promise.all([alice, bob].map((page) => page.shows("hello from the form")));
    assert.equal(alice.times("hello from the form"), 1);
    alice.close();
    bob.close();
  });

  test("server delivery: who was away gets what it missed, once and in order", async () => {
    const alice = await Page.withOffset(server.url).isConnected();
    const bob = await Page.withOffset(server.url).isConnected();
    alice.submit("seen");
    await bob.shows("seen");
    bob.close();
    for (const text of ["away 1", "away 2", "away 3"]) alice.submit(text);
    await alice.shows("away 3");
    bob.socket.connect();
    await bob.shows("away 3");
    alice.submit("back");
    await bob.shows("back");
    assert.deepEqual(bob.messages.slice(bob.messages.indexOf("seen")), ["seen", "away 1", "away 2", "away 3", "back"]);
    alice.close();
    bob.close();
  });

  test("client delivery: a repeated clientOffset is one message, and is acknowledged", async () => {
    const alice = await Page.withOffset(server.url).isConnected();
    const say = () => alice.socket.timeout(withinMs).emitWithAck("chat message", "only once", "offset-1");
    await say();
    await say();
    alice.submit("after it");
    await alice.shows("after it");
    assert.equal(alice.times("only once"), 1);
    alice.close();
  });

  test("client delivery: what is said while the server is down arrives when it is back, once", async () => {
    const alice = await Page.withRetries(server.url, 1_000).isConnected();
    alice.submitOnce("before");
    await alice.shows("before");
    await server.down();
    alice.submitOnce("meanwhile 1");
    alice.submitOnce("meanwhile 2");
    await server.up();
    await alice.shows("meanwhile 2");
    const bob = await Page.withOffset(server.url).isConnected();
    await bob.shows("meanwhile 2");
    for (const text of ["before", "meanwhile 1", "meanwhile 2"]) assert.equal(bob.times(text), 1, text);
    assert.ok(bob.messages.indexOf("meanwhile 1") < bob.messages.indexOf("meanwhile 2"));
    alice.close();
    bob.close();
  });

  test("the tutorial's page and a client of this protocol talk with each other", async () => {
    const alice = await Page.simple(server.url).isConnected();
    const bob = await Member.connect(server.url);
    await bob.follows(bob.lobby);
    alice.submit("from the page");
    const seen = await bob.sees("from the page");
    assert.match(seen.author, /^guest-/);
    await bob.says("from the protocol");
    await alice.shows("from the protocol");
    alice.close();
    bob.leave();
  });
});
