/**
 * The example bot of docs/protocol.md, unchanged, against a real server:
 * - it replies to `ping` in the lobby
 */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { Member } from "./member.mjs";
import { eventually, Server, serverUnavailable as skip } from "./server.mjs";

test("the example bot of docs/protocol.md replies", { skip }, async (t) => {
  const server = await Server.launch();
  t.after(() => server.remove());
  const docs = await readFile(new URL("../../../docs/protocol.md", import.meta.url), "utf8");
  const code = docs.match(/```js\n([^`]*)```/)[1];
  const bot = spawn(
    process.execPath,
    ["--input-type=module", "-e", code.replace("http://192.168.1.7:4242", server.url)],
    {
      cwd: fileURLToPath(new URL("../..", import.meta.url)),
      stdio: "inherit",
    },
  );
  t.after(() => bot.kill());
  const alice = await Member.connect(server.url);
  t.after(() => alice.disconnect());
  await alice.subscribes(alice.lobby);
  // The bot may not have joined yet, so the message is repeated.
  const received = () => alice.events.flatMap(({ event, data }) => (event === "entries" ? data.entries : []));
  const pong = await eventually("the bot replies", 15_000, async () => {
    await alice.says("ping");
    return received().find(({ body }) => body.text === "pong");
  });
  assert.ok(received().some(({ id, body }) => id === pong.body.reply_to && body.text === "ping"));
});
