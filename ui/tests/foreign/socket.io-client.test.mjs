/**
 * Plain socket.io-client from npm against a real server, after docs/protocol.md:
 * - a guest connects, syncs, posts and receives: on polling, on polling with the upgrade, and on WebSocket
 * - an acknowledgement carries the answer
 * - a room is created, found, joined, used and left
 * - history is read by range
 * - missed entries arrive after a reconnect, once and in order
 * - a cursor of another history is answered with a reset and the newest page
 * - a repeated post is one entry
 * - invalid events are refused with a code and a sentence
 * - a refused post is named by its room and id, also if its text has half of an emoji
 * - a key identifies a person on several connections
 * - a wrong signature, a used nonce and an unknown version are refused
 * - a server that requires keys refuses guests
 */

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { ed25519 } from "@noble/curves/ed25519.js";
import { Member } from "./member.mjs";
import { Server, serverUnavailable as skip } from "./server.mjs";

const secret = new Uint8Array(32).fill(9);
const base64url = (bytes) => Buffer.from(bytes).toString("base64url");

/** Returns the signed `auth` payload of docs/protocol.md, "Connecting". */
async function signed(url, { name = "Ada", device = randomUUID(), protocol = 1, nonce } = {}) {
  const challenge = await (await fetch(`${url}/api/hello`)).json();
  nonce ??= challenge.nonce;
  const text = ["ichat auth 1", challenge.server.id, nonce, device].join("\n");
  const signature = ed25519.sign(new TextEncoder().encode(text), secret);
  return {
    protocol,
    key: base64url(ed25519.getPublicKey(secret)),
    name,
    device,
    nonce,
    signature: base64url(signature),
  };
}

describe("socket.io-client", { skip }, () => {
  let server;
  before(async () => (server = await Server.launch()));
  after(() => server?.remove());

  const transports = {
    "polling only": { transports: ["polling"] },
    "polling, then the upgrade": {},
    "WebSocket only": { transports: ["websocket"] },
  };
  for (const [title, options] of Object.entries(transports)) {
    test(`a guest connects, syncs, posts and receives on ${title}`, async () => {
      const alice = await Member.connect(server.url, options);
      const bob = await Member.connect(server.url, options);
      await alice.usesTransport(title === "polling only" ? "polling" : "websocket");
      assert.match(alice.hello.me, /^guest-/);
      assert.equal(alice.hello.protocol, 1);
      await alice.subscribes(alice.lobby);
      await bob.subscribes(bob.lobby);
      const posted = await alice.says(`hi on ${title}`);
      const seen = await bob.sees(`hi on ${title}`);
      assert.deepEqual(seen, posted);
      assert.equal(seen.author, alice.hello.me);
      alice.disconnect();
      bob.disconnect();
    });
  }

  test("an acknowledgement carries the answer", async () => {
    const alice = await Member.connect(server.url);
    const id = randomUUID();
    const body = { kind: "message", text: "acknowledged" };
    const { event, data } = await alice.request("post", { room: alice.lobby, id, body });
    assert.equal(event, "entries");
    assert.deepEqual(
      data.entries.map((entry) => entry.id),
      [id],
    );
    const page = await alice.request("history", { room: alice.lobby, limit: 1 });
    assert.equal(page.event, "page");
    // A guest becomes a member of the lobby with the first post.
    const members = await alice.request("members", { room: alice.lobby });
    assert.ok(members.data.members.some((member) => member.id === alice.hello.me));
    const refused = await alice.request("join", { room: randomUUID() });
    assert.equal(refused.event, "refused");
    assert.equal(refused.data.error.code, "unknown_room");
    alice.disconnect();
  });

  test("a room is created, found, joined, used and left", async () => {
    const alice = await Member.connect(server.url);
    const bob = await Member.connect(server.url);
    const room = randomUUID();
    alice.emit("create", { room, name: "Lunch", topic: "Where" });
    assert.equal((await alice.receives("room", ({ id }) => id === room)).name, "Lunch");
    bob.emit("rooms");
    const { rooms } = await bob.receives("rooms");
    assert.equal(rooms.find(({ id }) => id === room).joined, false);
    bob.emit("join", { room });
    assert.equal((await bob.receives("room", ({ id }) => id === room)).joined, true);
    await bob.receives("page", (page) => page.room === room);
    const posted = await bob.says("hungry", { room });
    assert.deepEqual(await alice.sees("hungry"), posted);
    bob.emit("typing", { room, on: true });
    await alice.receives("typing", ({ member, on }) => member === bob.hello.me && on);
    bob.emit("leave", { room });
    await bob.receives("room", ({ id, joined }) => id === room && !joined);
    const left = ({ body, author }) => body.kind === "left" && author === bob.hello.me;
    await alice.receives("entries", ({ entries }) => entries.some(left));
    alice.disconnect();
    bob.disconnect();
  });

  test("history is read by range", async () => {
    const alice = await Member.connect(server.url);
    const room = randomUUID();
    await alice.request("create", { room, name: "Numbers" });
    for (const text of ["one", "two", "three", "four"]) await alice.says(text, { room });
    const texts = async (range) => {
      const { data } = await alice.request("history", { room, ...range });
      return data.entries.map(({ body }) => body.text ?? body.kind);
    };
    assert.deepEqual(await texts({ limit: 2 }), ["three", "four"]);
    const { data } = await alice.request("history", { room, limit: 1 });
    const last = data.entries[0].seq;
    assert.equal(data.head.seq, last);
    assert.deepEqual(await texts({ before: last, limit: 2 }), ["two", "three"]);
    assert.deepEqual(await texts({ after: last - 3 }), ["two", "three", "four"]);
    assert.deepEqual(await texts({ after: last - 3, before: last }), ["two", "three"]);
    alice.disconnect();
  });

  test("missed entries arrive after a reconnect, once and in order", async () => {
    const alice = await Member.connect(server.url);
    const auth = await signed(server.url);
    const bob = await Member.connect(server.url, { auth });
    const page = await bob.subscribes(bob.lobby);
    const head = { epoch: page.head.epoch, seq: page.entries.at(-1).seq };
    bob.disconnect();
    for (const text of ["missed 1", "missed 2", "missed 3"]) await alice.says(text);
    const again = await Member.connect(server.url, { auth: await signed(server.url) });
    await again.subscribes(again.lobby, head);
    await again.sees("missed 3");
    const pages = again.events.filter(({ event }) => event === "page");
    const missed = pages.flatMap(({ data }) => data.entries);
    assert.deepEqual(
      missed.map(({ seq }) => seq),
      missed.map((_, at) => head.seq + 1 + at),
    );
    const texts = missed.map(({ body }) => body.text).filter((text) => text?.startsWith("missed"));
    assert.deepEqual(texts, ["missed 1", "missed 2", "missed 3"]);
    alice.disconnect();
    again.disconnect();
  });

  test("a cursor of another history is answered with a reset and the newest page", async () => {
    const alice = await Member.connect(server.url);
    alice.emit("sync", { rooms: { [alice.lobby]: { epoch: randomUUID(), seq: 3 } } });
    const { head } = await alice.receives("reset", ({ room }) => room === alice.lobby);
    const page = await alice.receives("page", ({ room }) => room === alice.lobby);
    assert.equal(page.entries.at(-1).seq, head.seq);
    alice.disconnect();
  });

  test("a repeated post is one entry", async () => {
    const alice = await Member.connect(server.url);
    const post = { room: alice.lobby, id: randomUUID(), body: { kind: "message", text: "once" } };
    const [first, second] = await Promise.all([alice.request("post", post), alice.request("post", post)]);
    assert.equal(first.event, "entries");
    assert.deepEqual(second.data.entries, first.data.entries);
    const changed = { ...post, body: { kind: "message", text: "twice" } };
    const third = await alice.request("post", changed);
    assert.equal(third.data.error.code, "conflict");
    alice.disconnect();
  });

  test("invalid events are refused with a code and a sentence", async () => {
    const alice = await Member.connect(server.url);
    const post = (body, room = alice.lobby) => ["post", { room, id: randomUUID(), body }];
    const invalid = [
      ["bad_request", "post", { room: alice.lobby }],
      ["bad_request", "post", "hello"],
      ["bad_request", "join", { room: "lobby" }],
      ["bad_request", ...post({ kind: "message", text: " " })],
      ["bad_request", ...post({ kind: "message", text: "\u200b\u2800" })],
      ["bad_request", ...post({ kind: "message", text: "half \ud83d" })],
      ["bad_request", ...post({ kind: "react", to: randomUUID(), emoji: "you are wrong", on: true })],
      ["bad_request", ...post({ kind: "joined", name: "Eve" })],
      ["bad_request", ...post({ kind: "hologram" })],
      ["bad_request", "set_name", { name: "x".repeat(10_000) }],
      ["too_large", ...post({ kind: "message", text: "x".repeat(16_385) })],
      ["unknown_event", "dance", {}],
      ["unknown_room", ...post({ kind: "message", text: "hi" }, randomUUID())],
      ["unknown_entry", ...post({ kind: "edit", of: randomUUID(), text: "hi" })],
    ];
    for (const [code, event, data] of invalid) {
      const answer = await alice.request(event, data);
      assert.equal(answer.event, "refused", `${event} ${JSON.stringify(data).slice(0, 80)}`);
      assert.equal(answer.data.error.code, code, `${event} ${JSON.stringify(data).slice(0, 80)}`);
      assert.match(answer.data.error.message, /\w+ \w+.*\.$/);
    }
    await alice.says("still connected");
    alice.disconnect();
  });

  test("a refused post is named by its room and id, also if its text has half of an emoji", async () => {
    for (const options of Object.values(transports)) {
      const alice = await Member.connect(server.url, options);
      for (const text of ["half \ud83d", "\ude00", " ", "x".repeat(16_385), 7]) {
        const id = randomUUID();
        alice.emit("post", { room: alice.lobby, id, body: { kind: "message", text } });
        const refused = await alice.receives("refused", (refused) => refused.id === id);
        assert.equal(refused.event, "post");
        assert.equal(refused.room, alice.lobby);
      }
      alice.disconnect();
    }
  });

  test("a key identifies a person on several connections", async () => {
    const first = await Member.connect(server.url, { auth: await signed(server.url) });
    assert.equal(first.hello.me, base64url(ed25519.getPublicKey(secret)));
    assert.equal(first.hello.name, "Ada");
    const own = await first.says("own");
    const second = await Member.connect(server.url, { auth: await signed(server.url) });
    assert.equal(second.hello.me, first.hello.me);
    await second.subscribes(second.lobby);
    const edit = { kind: "edit", of: own.id, text: "edited" };
    assert.equal((await second.request("post", { room: second.lobby, id: randomUUID(), body: edit })).event, "entries");
    const guest = await Member.connect(server.url);
    const forged = { room: guest.lobby, id: randomUUID(), body: { ...edit, text: "forged" } };
    assert.equal((await guest.request("post", forged)).data.error.code, "not_yours");
    for (const member of [first, second, guest]) member.disconnect();
  });

  test("a wrong signature, a used nonce and an unknown version are refused", async () => {
    const refusal = async (auth) => {
      const error = await Member.connect(server.url, { auth }).then(
        () => assert.fail("was not refused"),
        (error) => error,
      );
      return error.message.split(": ")[0];
    };
    const auth = await signed(server.url);
    assert.equal(await refusal({ ...auth, device: randomUUID() }), "auth");
    const used = await signed(server.url);
    (await Member.connect(server.url, { auth: used })).disconnect();
    assert.equal(await refusal(used), "auth");
    assert.equal(await refusal(await signed(server.url, { nonce: "made up" })), "auth");
    assert.equal(await refusal(await signed(server.url, { protocol: 99 })), "protocol");
  });
});

test("a server that requires keys refuses guests", { skip }, async (t) => {
  const server = await Server.launch("--no-guests");
  t.after(() => server.remove());
  await assert.rejects(Member.connect(server.url), /^Error: no_guests: /);
  const ada = await Member.connect(server.url, { auth: await signed(server.url) });
  await ada.says("connected");
  ada.disconnect();
});
