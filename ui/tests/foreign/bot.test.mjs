/**
 * The example bots of docs/protocol.md and docs/bots.md, unchanged, against a real server:
 * - the bot without a key replies to `ping` in the lobby
 * - the bot with a key answers each of 200 messages once, though it is killed, and the server restarted and killed: none from
 *   before its first start, and those that it missed while it was away
 */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { Member } from "./member.mjs";
import { eventually, Server, serverUnavailable as skip } from "./server.mjs";

const pages = ["protocol", "bots"].map((page) => new URL(`../../../docs/${page}.md`, import.meta.url));
const docs = (await Promise.all(pages.map((page) => readFile(page, "utf8")))).join("\n");
const modules = fileURLToPath(new URL("../../node_modules", import.meta.url));

/** Returns the block of JavaScript that contains a text, with the server's address. */
function example(text, server) {
  const blocks = [...docs.matchAll(/^```js\n(.*?)^```$/gms)].map(([, code]) => code);
  return blocks.find((code) => code.includes(text)).replace("http://192.168.1.7:4242", server.url);
}

/** Makes a folder in which bots find their modules and keep their files. */
async function botFolder(t) {
  const folder = await mkdtemp(join(tmpdir(), "ichat-bot-"));
  t.after(() => rm(folder, { recursive: true }));
  await symlink(modules, join(folder, "node_modules"));
  return folder;
}

function start(t, code, cwd) {
  const bot = spawn(process.execPath, ["--input-type=module", "-e", code], { cwd, stdio: "inherit" });
  t.after(() => bot.kill());
  return bot;
}

const received = (member) => member.events.flatMap(({ event, data }) => (event === "entries" ? data.entries : []));

test("the bot without a key replies", { skip }, async (t) => {
  const server = await Server.launch();
  t.after(() => server.remove());
  start(t, example("pong", server), await botFolder(t));
  const alice = await Member.connect(server.url);
  t.after(() => alice.disconnect());
  await alice.subscribes(alice.lobby);
  // The bot may not have joined yet, so the message is repeated.
  const pong = await eventually("the bot replies", async () => {
    await alice.says("ping");
    return received(alice).find(({ body }) => body.text === "pong");
  });
  assert.ok(received(alice).some(({ id, body }) => id === pong.body.reply_to && body.text === "ping"));
});

test("the bot with a key answers each message once", { skip }, async (t) => {
  const server = await Server.launch();
  t.after(() => server.remove());
  const [code, folder] = [example("bot.json", server), await botFolder(t)];
  const alice = new Talker(server);
  t.after(() => alice.member?.disconnect());
  await alice.says("before its time");
  let bot = start(t, code, folder);
  await eventually("the bot has joined", async () =>
    (await alice.log()).some(({ author, body }) => author !== alice.me && body.kind === "joined"),
  );
  const echoes = async () =>
    (await alice.log()).filter(({ author, body }) => author !== alice.me && body.kind === "message");
  // It has joined, but may not have read the page yet, so the message is repeated.
  await eventually("the bot answers", async () => {
    await alice.says("hello");
    return (await echoes()).some(({ body }) => body.text === "hello");
  });

  const questions = [];
  for (let number = 1; number <= 200; number += 1) {
    questions.push(await alice.says(`message ${number}`));
    if (number === 50) await server.stop();
    if (number === 150) await server.stop("SIGKILL");
    if (number === 50 || number === 150) await server.start();
    if (number === 100) {
      bot.kill("SIGKILL");
      await once(bot, "exit");
    }
    if (number === 110) bot = start(t, code, folder);
  }
  const answers = async () => (await echoes()).map(({ body }) => body.reply_to);
  await eventually("all messages are answered", async () => {
    const answered = new Set(await answers());
    return questions.every((question) => answered.has(question));
  });
  const all = await answers();
  assert.equal(new Set(all).size, all.length, "a message was answered twice");
  const texts = (await echoes()).map(({ body }) => body.text);
  assert.ok(!texts.includes("before its time"), "an old message was answered");
});

/** A guest who posts each message until it is there, whatever happens to the server. */
class Talker {
  member;
  #server;
  #hello;

  constructor(server) {
    this.#server = server;
  }

  get me() {
    return this.#hello.me;
  }

  /** Posts a message and returns its id. */
  async says(text) {
    const id = randomUUID();
    await eventually(`"${text}" is posted`, async () => {
      const answer = await this.#request("post", { room: await this.#lobby(), id, body: { kind: "message", text } });
      return answer?.event === "entries";
    });
    return id;
  }

  /** Returns all entries of the lobby. */
  async log() {
    const entries = [];
    for (let before; entries[0]?.seq !== 1; before = entries[0].seq) {
      const { data } = await this.#request("history", { room: await this.#lobby(), before });
      entries.unshift(...data.entries);
    }
    return entries;
  }

  async #lobby() {
    await this.#connect();
    return this.#hello.lobby;
  }

  async #connect() {
    if (this.member?.isConnected) return;
    const auth = { protocol: 1, name: "Alice", guest_secret: this.#hello?.guest_secret };
    this.member = await Member.connect(this.#server.url, { auth }).catch(() => undefined);
    if (this.member) this.#hello = this.member.hello;
  }

  /** Emits an event and returns the answer; `undefined` if there is no connection, or it ends. */
  async #request(event, data) {
    return this.member?.request(event, data, 5000).catch(() => undefined);
  }
}
