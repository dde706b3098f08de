// A server whose lobby is full of messages, written there as anybody writes: over Socket.IO.

import { once } from "node:events";
import { io } from "socket.io-client";
import { v7 } from "uuid";

import { Server } from "../tests/foreign/server.mjs";

/** A server drops what a client is too slow to take: fewer than it keeps for one. */
const atOnce = 50;

/** Starts one on a port of this computer. */
export async function filledServer(messages) {
  const server = await Server.start("--name", "Bench");
  const socket = io(server.url, { transports: ["websocket"], reconnection: false });
  const [{ lobby: room }] = await once(socket, "hello");
  let next = 0;
  const writer = async () => {
    while (next < messages) {
      next += 1;
      const body = { kind: "message", text: `Message ${next}: ${"the quick brown fox ".repeat(1 + (next % 7))}` };
      const answer = await socket.timeout(30_000).emitWithAck("post", { room, id: v7(), body });
      if (answer?.error) throw new Error(`the server refused a message: ${JSON.stringify(answer)}`);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, writer));
  socket.disconnect();
  return server;
}
