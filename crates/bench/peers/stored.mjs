// Node's socket.io as at the end of its tutorial: each message is stored before it is sent, with its position. The storage is
// as durable as I-Chat's log, which the tutorial's own settings are not. There are no receipts and no resume.
import { createServer } from "node:http";
import { join } from "node:path";

import Database from "better-sqlite3";
import { Server } from "socket.io";

const database = new Database(join(process.argv[2], "chat.db"));
database.pragma("journal_mode = WAL");
database.pragma("synchronous = FULL");
database.exec("CREATE TABLE messages (id INTEGER PRIMARY KEY AUTOINCREMENT, content TEXT)");
const insert = database.prepare("INSERT INTO messages (content) VALUES (?)");

const http = createServer();
const io = new Server(http, { serveClient: false });
io.on("connection", (socket) => {
  socket.on("chat message", (text) => {
    const { lastInsertRowid } = insert.run(text);
    io.emit("chat message", text, lastInsertRowid);
  });
});
http.listen(0, "127.0.0.1", 4096, () => {
  process.stdout.write(`listening on http://127.0.0.1:${http.address().port}\n`);
});
