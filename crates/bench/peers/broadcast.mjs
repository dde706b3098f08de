// Node's socket.io as its tutorial has it. It only broadcasts: nothing is stored, and a message that is lost stays lost.
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
