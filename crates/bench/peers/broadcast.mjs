// Node's socket.io as at the beginning of its tutorial: it broadcasts, and stores nothing.
import { createServer } from "node:http";

import { Server } from "socket.io";

const http = createServer();
const io = new Server(http, { serveClient: false });
io.on("connection", (socket) => {
  socket.on("chat message", (text) => io.emit("chat message", text));
});
http.listen(0, "127.0.0.1", 4096, () => {
  process.stdout.write(`listening on http://127.0.0.1:${http.address().port}\n`);
});
