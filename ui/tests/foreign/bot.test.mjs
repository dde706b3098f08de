/**
 * The example bots of docs/protocol.md, unchanged, against a real server:
 * - the bot without a key replies to `ping` in the lobby
 * - the bot that stays answers each message once: none from before its first start, those that it missed while it was away
 */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { Member } from "./member.mjs";
import { eventually, Server, serverUnavailable as skip } from "./server.mjs";

const docs = await readFile(new URL("../../../docs/protocol.md", import.meta.url), "utf8");
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

test("the bot that stays answers each message once", { skip }, async (t) => {
  const server = await Server.launch();
  t.after(() => server.remove());
  const [code, folder] = [example("bot.json", server), await botFolder(t)];
  const alice = await Member.connect(server.url, { auth: { protocol: 1, name: "Alice" } });
  t.after(() => alice.disconnect());
  await alice.subscribes(alice.lobby);
  const echoes = () =>
    received(alice).filter(({ author, body }) => author !== alice.hello.me && body.kind === "message");
  const hearsBack = (text) =>
    eventually(`the bot answers "${text}"`, async () => echoes().some(({ body }) => body.text === text));

  await alice.says("before its time");
  await alice.says("before its time, too");
  const first = start(t, code, folder);
  await eventually("the bot has joined", async () =>
    received(alice).some(({ author, body }) => author !== alice.hello.me && body.kind === "joined"),
  );
  // It has joined, but may not have read the page yet, so the message is repeated.
  await eventually("the bot answers", async () => {
    await alice.says("hello");
    return echoes().some(({ body }) => body.text === "hello");
  });
  await alice.says("the last one");
  await hearsBack("the last one");
  first.kill("SIGKILL");
  await once(first, "exit");

  await alice.says("while it is away");
  start(t, code, folder);
  await hearsBack("while it is away");
  await alice.says("after its return");
  await hearsBack("after its return");

  const answered = echoes().map(({ body }) => body.reply_to);
  assert.equal(new Set(answered).size, answered.length, "a message was answered twice");
  const texts = echoes().map(({ body }) => body.text);
  assert.ok(!texts.some((text) => text.startsWith("before")), `old messages were answered: ${texts.join(", ")}`);
});
