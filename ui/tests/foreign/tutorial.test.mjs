/**
 * Clients of the Socket.IO chat tutorial, one for each of its stages, unchanged, against a real server. They call only what the
 * tutorial's page calls:
 * - first stages: `emit("chat message", text)` sends to everyone, the sender included
 * - "Server delivery": a client that was away receives what it missed, once and in order, by its `serverOffset`
 * - "Client delivery": a repeated `clientOffset` is one message, and is acknowledged
 * - "Client delivery": messages sent while the server is down arrive once when it is back
 * - the tutorial's page and a client of this protocol talk with each other
 */

import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import { io } from "socket.io-client";
import { Member } from "./member.mjs";
import { eventually, guardMs, Server, serverUnavailable as skip } from "./server.mjs";

/** The tutorial's page: its form, and its list of messages. */
class TutorialPage {
  messages = [];
  socket;
  #counter = 0;

  /** Calls `io()` as the stage does. (The tutorial's page uses its own origin.) */
  constructor(url, options) {
    this.socket = io(url, { forceNew: true, ...options });
    this.socket.on("chat message", (msg, serverOffset) => {
      this.messages.push(msg);
      if (this.socket.auth) this.socket.auth.serverOffset = serverOffset;
    });
  }

  /** The stages up to "Server delivery". */
  static simple(url) {
    return new TutorialPage(url, {});
  }

  /** "Server delivery". */
  static withOffset(url) {
    return new TutorialPage(url, { auth: { serverOffset: 0 } });
  }

  /** "Client delivery". */
  static withRetries(url, ackTimeout = 10_000) {
    return new TutorialPage(url, { auth: { serverOffset: 0 }, ackTimeout, retries: 3 });
  }

  async connected() {
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
    await eventually(`"${text}" is shown`, () => this.messages.includes(text));
  }

  count(text) {
    return this.messages.filter((message) => message === text).length;
  }

  close() {
    this.socket.disconnect();
  }
}

describe("the tutorial's clients", { skip }, () => {
  let server;
  before(async () => (server = await Server.launch()));
  after(() => server?.remove());

  test("first stages: a message is sent to everyone, the sender included", async () => {
    const alice = await TutorialPage.simple(server.url).connected();
    const bob = await TutorialPage.simple(server.url).connected();
    alice.submit("hello from the form");
    await Promise.all([alice, bob].map((page) => page.shows("hello from the form")));
    assert.equal(alice.count("hello from the form"), 1);
    alice.close();
    bob.close();
  });

  test("server delivery: a client that was away receives what it missed, once and in order", async () => {
    const alice = await TutorialPage.withOffset(server.url).connected();
    const bob = await TutorialPage.withOffset(server.url).connected();
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
    const alice = await TutorialPage.withOffset(server.url).connected();
    const send = () => alice.socket.timeout(guardMs).emitWithAck("chat message", "only once", "offset-1");
    await send();
    await send();
    alice.submit("after it");
    await alice.shows("after it");
    assert.equal(alice.count("only once"), 1);
    alice.close();
  });

  test("client delivery: messages sent while the server is down arrive once when it is back", async () => {
    const alice = await TutorialPage.withRetries(server.url, 1_000).connected();
    alice.submitOnce("before");
    await alice.shows("before");
    await server.stop();
    alice.submitOnce("meanwhile 1");
    alice.submitOnce("meanwhile 2");
    await server.start();
    await alice.shows("meanwhile 2");
    const bob = await TutorialPage.withOffset(server.url).connected();
    await bob.shows("meanwhile 2");
    for (const text of ["before", "meanwhile 1", "meanwhile 2"]) assert.equal(bob.count(text), 1, text);
    assert.ok(bob.messages.indexOf("meanwhile 1") < bob.messages.indexOf("meanwhile 2"));
    alice.close();
    bob.close();
  });

  test("the tutorial's page and a client of this protocol talk with each other", async () => {
    const alice = await TutorialPage.simple(server.url).connected();
    const bob = await Member.connect(server.url);
    await bob.subscribes(bob.lobby);
    alice.submit("from the page");
    const seen = await bob.sees("from the page");
    assert.match(seen.author, /^guest-/);
    await bob.says("from the protocol");
    await alice.shows("from the protocol");
    alice.close();
    bob.disconnect();
  });
});
