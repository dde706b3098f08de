/**
 * The bot that docs/protocol.md shows, as it stands there, against the real server.
 *
 * - it answers `ping` in the lobby, as a reply
 */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { Member } from "./member.mjs";
import { eventually, Server, skip } from "./server.mjs";

test("the bot of docs/protocol.md answers", { skip }, async (t) => {
  const server = await Server.start();
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
  t.after(() => alice.leave());
  await alice.follows(alice.lobby);
  // Until the bot is in nobody answers, so it is asked again.
  const answered = () => alice.heard.flatMap(({ event, data }) => (event === "entries" ? data.entries : []));
  const pong = await eventually("the bot answers", 15_000, async () => {
    await alice.says("ping");
    return answered().find(({ body }) => body.text === "pong");
  });
  assert.ok(answered().some(({ id, body }) => id === pong.body.reply_to && body.text === "ping"));
});
