/** A server whose lobby has been filled with messages over Socket.IO. */

import { Member } from "../tests/foreign/member.mjs";
import { Server } from "../tests/foreign/server.mjs";

/** Starts a server on a local port and posts messages to its lobby. */
export async function filledServer(messages) {
  const server = await Server.launch("--name", "Bench");
  const writer = await Member.connect(server.url, { transports: ["websocket"] });
  await writer.saysAll(textsOf(messages));
  writer.disconnect();
  return server;
}

function* textsOf(messages) {
  for (let n = 1; n <= messages; n += 1) yield `Message ${n}: ${"the quick brown fox ".repeat(1 + (n % 7))}`;
}
