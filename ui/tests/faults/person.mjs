/**
 * Somebody with socket.io-client, made after docs/protocol.md alone, as `crates/faults` starts it: it does what it is told
 * on standard input, keeps its record, and says where it stands (`crates/faults/src/order.rs`, `record.rs`).
 *
 *   node person.mjs --name Bo --dir FOLDER --record FILE
 */

import { createPrivateKey, createPublicKey, generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { existsSync, fdatasyncSync, mkdirSync, openSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { io } from "socket.io-client";

/** Posts without an answer; more wait. */
const IN_FLIGHT = 64;

const { name, dir, record } = parseArgs({
  options: { name: { type: "string" }, dir: { type: "string" }, record: { type: "string" } },
}).values;

// Who one is.

mkdirSync(dir, { recursive: true });
const profileFile = join(dir, "profile.json");
if (!existsSync(profileFile)) {
  const key = generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" });
  writeFileSync(profileFile, JSON.stringify({ key, device: randomUUID() }));
}
const profile = JSON.parse(readFileSync(profileFile, "utf8"));
const privateKey = createPrivateKey({ key: profile.key, format: "jwk" });
const me = createPublicKey(privateKey).export({ format: "jwk" }).x;

// The record: on disk before anything rests on it.

const file = openSync(record, "ax");
function note(...lines) {
  writeSync(file, lines.map((line) => JSON.stringify(line) + "\n").join(""));
  fdatasyncSync(file);
}
note({ line: "opened", me, device: profile.device });

// The picture.

let socket;
let url;
let lobby = null;
let online = false;
let connections = 0;
let handed = 0;
let resets = 0;
let trouble = null;
/** By room: `{ epoch, entries: Map of seq to entry, last }`. */
const rooms = new Map();
/** By id, in the order in which they were handed over: `{ room, id, body, sent }`. */
const outbox = new Map();
const refused = new Map();
const acknowledged = new Set();
const contradictions = [];

function say(word) {
  process.stdout.write(JSON.stringify(word) + "\n");
}

let told = "";
function tell() {
  const shown = lobby && rooms.get(lobby);
  const status = {
    online,
    connections,
    trouble,
    lobby,
    last: shown?.last ?? 0,
    shows: shown?.entries.size ?? 0,
    handed,
    waiting: outbox.size,
    refused: refused.size,
    acknowledged: acknowledged.size,
    resets,
  };
  const text = JSON.stringify({ says: "now", ...status });
  if (text !== told) process.stdout.write((told = text) + "\n");
}

// Keeping up, as docs/protocol.md says.

function sync(room) {
  const held = rooms.get(room);
  const head = held?.last ? { epoch: held.epoch, seq: held.last } : null;
  socket.emit("sync", { rooms: { [room]: head } });
}

function show(room, epoch, entries) {
  let held = rooms.get(room);
  if (!held) rooms.set(room, (held = { epoch, entries: new Map(), last: 0 }));
  if (held.epoch !== epoch) {
    contradictions.push(`room ${room}: entries of ${epoch} without a reset, after ${held.epoch}`);
    return;
  }
  for (const entry of entries) {
    const before = held.entries.get(entry.seq);
    if (before && before.id !== entry.id) {
      contradictions.push(`room ${room}: place ${entry.seq} was ${before.id}, and then ${entry.id}`);
    }
    held.entries.set(entry.seq, entry);
  }
  held.last = Math.max(held.last, entries.at(-1)?.seq ?? 0);
  const own = entries.filter(({ author, device }) => author === me && device === profile.device);
  for (const { id } of own) {
    outbox.delete(id);
    acknowledged.add(id);
  }
  if (entries.length === 0) return;
  const at = (seq) => ({ room, epoch, seq });
  note({ line: "shown", room, epoch, entries }, ...own.map((e) => ({ line: "acknowledged", id: e.id, at: at(e.seq) })));
}

/** Entries that follow what is held, or that are held; a gap is asked for. */
function receive(room, epoch, entries) {
  const held = rooms.get(room);
  if (held && held.epoch !== epoch) return sync(room);
  const own = entries.filter(({ id }) => outbox.has(id));
  if (held?.last && entries[0].seq > held.last + 1) {
    // A receipt is a receipt, be the entry shown or not.
    for (const { id, seq } of own) acknowledge(id, { room, epoch, seq });
    return sync(room);
  }
  show(room, epoch, entries);
}

function acknowledge(id, at) {
  if (!outbox.delete(id)) return;
  acknowledged.add(id);
  note({ line: "acknowledged", id, at });
}

const hears = {
  hello(hello) {
    lobby = hello.lobby;
    online = true;
    connections += 1;
    trouble = null;
    for (const post of outbox.values()) post.sent = false;
    sync(lobby);
    send();
  },
  entries({ room, epoch, entries }) {
    receive(room, epoch, entries);
    send();
  },
  page({ room, head, entries, later = [] }) {
    show(room, head.epoch, entries);
    void later;
    const held = rooms.get(room);
    if (waitsForPage && waitsForPage.room === room) waitsForPage.take(entries);
    else if (held && held.last < head.seq && entries.length > 0) sync(room);
    send();
  },
  reset({ room, head }) {
    rooms.delete(room);
    resets += 1;
    note({ line: "reset", room });
    void head;
  },
  heads({ heads }) {
    for (const [room, head] of Object.entries(heads)) {
      const held = rooms.get(room);
      if (held && (held.epoch !== head.epoch || held.last < head.seq)) sync(room);
    }
  },
  refused({ id, error }) {
    if (!id || !outbox.has(id)) return;
    if (["busy", "storage", "closing"].includes(error.code)) {
      for (const post of outbox.values()) post.sent = false;
      setTimeout(send, 500);
      return;
    }
    refused.set(id, outbox.get(id));
    outbox.delete(id);
    note({ line: "refused", id, why: `${error.code}: ${error.message}` });
  },
};

/** Sends what may be sent, in order. */
function send() {
  if (!online) return;
  let inFlight = 0;
  for (const post of outbox.values()) {
    if (++inFlight > IN_FLIGHT) break;
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
    auth: (give) => auth().then(give, () => give({})),
  });
  for (const [event, hear] of Object.entries(hears)) {
    socket.on(event, (data) => {
      hear(data);
      tell();
    });
  }
  socket.on("disconnect", (why) => {
    online = false;
    trouble = why;
    tell();
    // The server said goodbye: the library leaves it at that.
    if (why === "io server disconnect") socket.connect();
  });
  socket.on("connect_error", ({ message }) => {
    trouble = message;
    tell();
    if (!socket.active) setTimeout(() => socket.connect(), 200);
  });
}

// What it is told to do.

let waitsForPage;

/** Pages back to the beginning of every room. */
async function view(to) {
  for (const [room, held] of rooms) {
    for (;;) {
      const first = Math.min(...held.entries.keys());
      if (!(first > 1)) break;
      const taken = new Promise((take) => (waitsForPage = { room, take }));
      socket.emit("history", { room, before: first });
      await taken;
      waitsForPage = undefined;
    }
  }
  const shown = [...rooms].map(([room, { epoch, entries }]) => ({
    room,
    epoch,
    entries: [...entries.values()].sort((one, other) => one.seq - other.seq),
  }));
  const whole = { me, device: profile.device, rooms: shown, contradictions };
  const posts = { waiting: [...outbox.keys()], refused: [...refused.keys()] };
  writeFileSync(to, JSON.stringify({ ...whole, ...posts }));
  say({ says: "viewed" });
}

const does = {
  join: ({ address }) => connect(address),
  post({ room, id, body }) {
    note({ line: "sent", room, id, body });
    handed += 1;
    outbox.set(id, { room, id, body, sent: false });
    send();
  },
  async post_at_once({ room, id, body, times }) {
    note({ line: "sent", room, id, body });
    const one = () => socket.timeout(30_000).emitWithAck("post", { room, id, body });
    const answers = await Promise.all(Array.from({ length: times }, one));
    for (const { event, data } of answers) {
      if (event !== "entries") continue;
      const at = { room, epoch: data.epoch, seq: data.entries[0].seq };
      note({ line: "acknowledged", id, at });
    }
    say({ says: "answers", id, answers });
  },
  nudge() {
    if (socket && !socket.connected) socket.disconnect().connect();
  },
  view: ({ file }) => view(file),
  end() {
    socket?.disconnect();
    process.exit(0);
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line);
  const failed = (error) => say({ says: "failed", what: `${order.do}: ${error.message}` });
  // Paging waits for the server; the orders behind it don't.
  Promise.resolve()
    .then(() => does[order.do](order))
    .then(tell, failed);
}
process.exit(0);
