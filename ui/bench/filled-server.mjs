/** A server whose lobby has been filled with messages over Socket.IO. */

import { once } from "node:events";
import { io } from "socket.io-client";
import { v7 } from "uuid";

import { Server } from "../tests/foreign/server.mjs";

/** The posts in flight. It is below the limit above which the server drops answers to a slow client. */
const postsInFlight = 50;

/** Starts a server on a local port and posts messages to its lobby. */
export async function filledServer(messages) {
  const server = await Server.launch("--name", "Bench");
  const socket = io(server.url, { transports: ["websocket"], reconnection: false });
  const [{ lobby: room }] = await once(socket, "hello");
  let next = 0;
  const writer = async () => {
    while (next < messages) {
      next += 1;
      const body = { kind: "message", text: `Message ${next}: ${"the quick brown fox ".repeat(1 + (next % 7))}` };
      const { event, data } = await socket.timeout(30_000).emitWithAck("post", { room, id: v7(), body });
      if (event !== "entries") throw new Error(`the server refused a message: ${JSON.stringify(data)}`);
    }
  };
  await Promise.all(Array.from({ length: postsInFlight }, writer));
  socket.disconnect();
  return server;
}
