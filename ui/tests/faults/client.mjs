/**
 * A client with socket.io-client, written after docs/protocol.md alone. The fault checker starts it: it takes commands on
 * standard input, records its history, and reports its status (`crates/faults/src/client_protocol.rs`, `history.rs`).
 *
 *   node client.mjs --name Bo --data FOLDER --history FILE
 */

import { createPrivateKey, createPublicKey, generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { existsSync, fdatasyncSync, mkdirSync, openSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { io } from "socket.io-client";

/** The number of posts that may be without an answer; more wait. */
const MAX_IN_FLIGHT = 64;
const RETRY_DELAY_MS = 500;
const RECONNECT_DELAY_MS = 200;
const ACK_TIMEOUT_MS = 30_000;

const { name, data, history } = parseArgs({
  options: { name: { type: "string" }, data: { type: "string" }, history: { type: "string" } },
}).values;

// The identity.

mkdirSync(data, { recursive: true });
const profileFile = join(data, "profile.json");
if (!existsSync(profileFile)) {
  const key = generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" });
  writeFileSync(profileFile, JSON.stringify({ key, device: randomUUID() }));
}
const profile = JSON.parse(readFileSync(profileFile, "utf8"));
const privateKey = createPrivateKey({ key: profile.key, format: "jwk" });
const me = createPublicKey(privateKey).export({ format: "jwk" }).x;

// The history: on disk before anything depends on it.

const historyFile = openSync(history, "ax");
function record(...events) {
  writeSync(historyFile, events.map((event) => JSON.stringify(event) + "\n").join(""));
  fdatasyncSync(historyFile);
}
record({ event: "started", me, device: profile.device });

// The state that an interface would show.

let socket;
let url;
let lobby = null;
let online = false;
let connections = 0;
/** The posts that the fault checker has commanded. */
let given = 0;
let resets = 0;
let offlineReason = null;
/** By room: `{ epoch, entries: Map of seq to entry, last }`. */
const rooms = new Map();
/** By id, in the order in which they were invoked: `{ room, id, body, sent }`. */
const outbox = new Map();
const refused = new Map();
const acknowledged = new Set();
const contradictions = [];

function report(line) {
  process.stdout.write(JSON.stringify(line) + "\n");
}

let lastStatus = "";
function reportStatus() {
  const shown = lobby && rooms.get(lobby);
  const status = {
    online,
    connections,
    offline_reason: offlineReason,
    lobby,
    last: shown?.last ?? 0,
    shown: shown?.entries.size ?? 0,
    given,
    waiting: outbox.size,
    refused: refused.size,
    acknowledged: acknowledged.size,
    resets,
  };
  const text = JSON.stringify({ report: "status", ...status });
  if (text !== lastStatus) process.stdout.write((lastStatus = text) + "\n");
}

// Synchronization, as docs/protocol.md describes it.

function sync(room) {
  const shown = rooms.get(room);
  const head = shown?.last ? { epoch: shown.epoch, seq: shown.last } : null;
  socket.emit("sync", { rooms: { [room]: head } });
}

function show(room, epoch, entries) {
  let shown = rooms.get(room);
  if (!shown) rooms.set(room, (shown = { epoch, entries: new Map(), last: 0 }));
  if (shown.epoch !== epoch) {
    contradictions.push(`room ${room}: the epoch changed from ${shown.epoch} to ${epoch} without a reset`);
    return;
  }
  for (const entry of entries) {
    const before = shown.entries.get(entry.seq);
    if (before && before.id !== entry.id) {
      contradictions.push(`room ${room}: entry ${entry.seq} was ${before.id} before it was ${entry.id}`);
    }
    shown.entries.set(entry.seq, entry);
  }
  shown.last = Math.max(shown.last, entries.at(-1)?.seq ?? 0);
  const own = entries.filter(({ author, device }) => author === me && device === profile.device);
  for (const { id } of own) {
    outbox.delete(id);
    acknowledged.add(id);
  }
  if (entries.length === 0) return;
  const acks = own.map(({ id, seq }) => ({ event: "acknowledged", id, at: { room, epoch, seq } }));
  record({ event: "shown", room, epoch, entries }, ...acks);
}

/** Shows entries that follow on what is shown, or are shown already. Asks for what is missing when there is a gap. */
function receive(room, epoch, entries) {
  const shown = rooms.get(room);
  if (shown && shown.epoch !== epoch) return sync(room);
  if (shown?.last && entries[0].seq > shown.last + 1) {
    // A receipt counts even if its entry is not shown yet.
    for (const { id, seq } of entries) acknowledge(id, { room, epoch, seq });
    return sync(room);
  }
  show(room, epoch, entries);
}

function acknowledge(id, at) {
  if (!outbox.delete(id)) return;
  acknowledged.add(id);
  record({ event: "acknowledged", id, at });
}

const onEvent = {
  hello(hello) {
    lobby = hello.lobby;
    online = true;
    connections += 1;
    offlineReason = null;
    for (const post of outbox.values()) post.sent = false;
    sync(lobby);
    sendOutbox();
  },
  entries({ room, epoch, entries }) {
    receive(room, epoch, entries);
    sendOutbox();
  },
  page({ room, head, entries }) {
    show(room, head.epoch, entries);
    const shown = rooms.get(room);
    if (pageWaiter?.room === room) pageWaiter.resolve();
    else if (shown && shown.last < head.seq && entries.length > 0) sync(room);
    sendOutbox();
  },
  reset({ room }) {
    rooms.delete(room);
    resets += 1;
    record({ event: "reset", room });
  },
  heads({ heads }) {
    for (const [room, head] of Object.entries(heads)) {
      const shown = rooms.get(room);
      if (shown && (shown.epoch !== head.epoch || shown.last < head.seq)) sync(room);
    }
  },
  refused({ id, error }) {
    if (!id || !outbox.has(id)) return;
    if (["busy", "storage", "closing"].includes(error.code)) {
      for (const post of outbox.values()) post.sent = false;
      setTimeout(sendOutbox, RETRY_DELAY_MS);
      return;
    }
    refused.set(id, outbox.get(id));
    outbox.delete(id);
    record({ event: "refused", id, reason: `${error.code}: ${error.message}` });
  },
};

/** Sends as many posts as may be in flight, in their order. */
function sendOutbox() {
  if (!online) return;
  let inFlight = 0;
  for (const post of outbox.values()) {
    if (++inFlight > MAX_IN_FLIGHT) break;
    if (post.sent) continue;
    post.sent = true;
    socket.emit("post", { room: post.room, id: post.id, body: post.body });
  }
}

async function auth() {
  const { server, nonce } = await (await fetch(`${url}/api/hello`)).json();
  const text = ["ichat auth 1", server.id, nonce, profile.device].join("\n");
  const signature = sign(null, Buffer.from(text), privateKey).toString("base64url");
  return { protocol: 1, key: me, name, device: profile.device, nonce, signature };
}

function connect(address) {
  url = `http://${address}`;
  socket = io(url, {
    transports: ["websocket"],
    reconnectionDelay: 50,
    reconnectionDelayMax: 1_000,
    auth: (send) => auth().then(send, () => send({})),
  });
  for (const [event, handle] of Object.entries(onEvent)) {
    socket.on(event, (argument) => {
      handle(argument);
      reportStatus();
    });
  }
  socket.on("disconnect", (reason) => {
    online = false;
    offlineReason = reason;
    reportStatus();
    // The library does not reconnect by itself when the server ended the session.
    if (reason === "io server disconnect") socket.connect();
  });
  socket.on("connect_error", ({ message }) => {
    offlineReason = message;
    reportStatus();
    if (!socket.active) setTimeout(() => socket.connect(), RECONNECT_DELAY_MS);
  });
}

// The commands.

let pageWaiter;

/** Pages back to the beginning of every room, and writes the view. */
async function writeView(file) {
  for (const [room, shown] of rooms) {
    for (;;) {
      const first = Math.min(...shown.entries.keys());
      if (!(first > 1)) break;
      const page = new Promise((resolve) => (pageWaiter = { room, resolve }));
      socket.emit("history", { room, before: first });
      await page;
      pageWaiter = undefined;
    }
  }
  const views = [...rooms].map(([room, { epoch, entries }]) => ({
    room,
    epoch,
    entries: [...entries.values()].sort((one, other) => one.seq - other.seq),
  }));
  const posts = { waiting: [...outbox.keys()], refused: [...refused.keys()] };
  writeFileSync(file, JSON.stringify({ me, device: profile.device, rooms: views, contradictions, ...posts }));
  report({ report: "view_written" });
}

const commands = {
  join: ({ address }) => connect(address),
  post({ room, id, body }) {
    record({ event: "invoked", room, id, body });
    given += 1;
    outbox.set(id, { room, id, body, sent: false });
    sendOutbox();
  },
  async post_in_parallel({ room, id, body, times }) {
    record({ event: "invoked", room, id, body });
    const post = () => socket.timeout(ACK_TIMEOUT_MS).emitWithAck("post", { room, id, body });
    const acks = await Promise.all(Array.from({ length: times }, post));
    for (const { event, data: entries } of acks) {
      if (event !== "entries") continue;
      const at = { room, epoch: entries.epoch, seq: entries.entries[0].seq };
      record({ event: "acknowledged", id, at });
    }
    report({ report: "acks", id, acks });
  },
  nudge() {
    if (socket && !socket.connected) socket.disconnect().connect();
  },
  write_view: ({ file }) => writeView(file),
  shut_down() {
    socket?.disconnect();
    process.exit(0);
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  const failed = (error) => report({ report: "failed", reason: `${command.command}: ${error.message}` });
  // Commands after one that waits for the server are carried out meanwhile.
  Promise.resolve()
    .then(() => commands[command.command](command))
    .then(reportStatus, failed);
}
process.exit(0);
