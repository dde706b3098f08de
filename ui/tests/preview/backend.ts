import type { Backend, BackendEvent } from "../../src/backend";
import type { Command, ConnectionStatus, OutboxItem, Update } from "../../src/backend/session-types";
import { MadeUpRoom, me, members, people } from "./rooms";

/**
 * A made-up back end to look at the interface with. The address says what to see:
 * `?first`, `?first&nearby`, `?web`, `?big=100000`, `?unread=30`, `?offline`, `?refused`, `?empty`, `?host`, `?typing`, `?fail`, `?quit`, `?fatal`.
 */
const asked = new URLSearchParams(location.search);
const has = (what: string) => asked.has(what);
const server = "server-1";
const web = has("web");

let tell: (event: BackendEvent) => void = () => undefined;
const up = (update: Update, to = server) => tell({ event: "session", server: to, update });

const size = Number(asked.get("big") ?? (has("empty") ? 1 : 300));
const rooms = [
  new MadeUpRoom(
    "lobby",
    "Lobby",
    "Everything that has no room of its own",
    size,
    size - Number(asked.get("unread") ?? 0),
  ),
  new MadeUpRoom("design", "Design", "", 40, 28),
  new MadeUpRoom("long", "A room whose name nobody thought about long enough before creating it", "", 5, 5),
  new MadeUpRoom("arabic", "غرفة الاجتماعات", "", 12, 12),
];
const outbox: OutboxItem[] = [];
let connection: ConnectionStatus = { state: "online" };

const summaries = () => up({ update: "rooms", rooms: rooms.map((room) => room.summary()) });
const room = (id: string) => rooms.find((candidate) => candidate.id === id);

function entries(id: string, after?: number, before?: number, limit = 200) {
  const page = room(id)?.page(after, before, limit);
  if (page) up({ update: "entries", room: id, head: page.head, entries: page.entries, later: page.later ?? [] });
}

function says(id: string, author: string, text: string) {
  const entry = room(id)?.add(author, { kind: "message", text });
  if (entry) up({ update: "entries", room: id, head: { epoch: "e", seq: entry.seq }, entries: [entry] });
  summaries();
}

function command(command: Command) {
  switch (command.command) {
    case "open":
      entries(command.room, undefined, undefined, 100);
      return up({ update: "members", room: command.room, members });
    case "history":
      setTimeout(() => entries(command.room, command.range.after, command.range.before, command.range.limit), 30);
      return;
    case "read": {
      const read = room(command.room);
      if (read) read.read = command.seq;
      return summaries();
    }
    case "send":
      return send(command);
    case "discard":
      outbox.splice(
        outbox.findIndex(({ id }) => id === command.id),
        1,
      );
      return;
    case "create":
      rooms.push(new MadeUpRoom(command.room, command.name, command.topic ?? "", 1, 1));
      return summaries();
    case "browse":
      setTimeout(
        () =>
          up({
            update: "directory",
            rooms: [
              ...rooms.map((one) => one.summary()),
              new MadeUpRoom("x", "Lunch", "What and where", 9, 9).summary(),
            ],
          }),
        100,
      );
      return;
    default:
      return;
  }
}

function send(post: Command & { command: "send" }) {
  const item: OutboxItem = { ...post, state: { state: "sending" } };
  if (post.body.kind === "message" && post.body.text.startsWith("fail")) {
    item.state = {
      state: "failed",
      error: { code: "busy", message: "The server is too busy. Try again in a moment." },
    };
  }
  outbox.push(item);
  const own = () => outbox.filter((other) => other.room === post.room);
  up({ update: "outbox", room: post.room, items: own() });
  if (connection.state !== "online" || item.state.state === "failed") return;
  setTimeout(() => {
    outbox.splice(outbox.indexOf(item), 1);
    const entry = room(post.room)?.add(me, post.body, post.id);
    if (entry) up({ update: "entries", room: post.room, head: { epoch: "e", seq: entry.seq }, entries: [entry] });
    up({ update: "outbox", room: post.room, items: own() });
  }, 80);
}

function decorate() {
  const lobby = rooms[0];
  if (!lobby || has("empty")) return;
  const target = (back: number) => lobby.entry(size - back);
  lobby.add("ada-key", { kind: "react", to: target(4).id, emoji: "👍", on: true });
  lobby.add(me, { kind: "react", to: target(4).id, emoji: "👍", on: true });
  lobby.add("lea-key", { kind: "react", to: target(4).id, emoji: "🎉", on: true });
  lobby.add("ada-key", { kind: "delete", of: target(7).id });
  lobby.add("ada-key", { kind: "edit", of: target(9).id, text: "This was **edited** afterwards." });
  lobby.add("lea-key", { kind: "joined", name: "ليلى" });
  lobby.add("guest-77", { kind: "joined", name: "Tim (phone)" });
  lobby.add("zoe-key", { kind: "left" });
  lobby.add("ada-key", { kind: "topic", text: "Everything that has no room of its own" });
  lobby.add("ada-key", { kind: "message", text: "@Amber Otter what do you think?", reply_to: target(2).id });
  lobby.add(me, { kind: "message", text: "Looks good to me." });
  if (!has("unread")) lobby.read = lobby.head;
}

function connect() {
  up({
    update: "hello",
    server: { id: server, name: "Office by the river", software: "ichat" },
    protocol: 1,
    me,
    name: "Amber Otter",
    device: "d",
    lobby: "lobby",
    rooms: [],
    limits: { text_bytes: 16384, page_entries: 200, packet_bytes: 0, waiting_posts: 64, heads_every_ms: 5000 },
    now: Date.now(),
  });
  summaries();
  up({ update: "presence", people: people.filter(({ availability }) => availability !== "offline") });
  if (has("offline")) connection = { state: "reconnecting", attempts: 4, waiting: 2 };
  if (has("closing"))
    connection = { state: "reconnecting", attempts: 0, waiting: 0, message: "The host has stopped the server." };
  if (has("refused")) {
    connection = {
      state: "refused",
      error: { code: "protocol", message: "It speaks a newer version. Update I-Chat." },
    };
  }
  up({ update: "connection", ...connection });
  if (has("typing")) up({ update: "typing", room: "lobby", members: ["ada-key", "lea-key"] });
}

function known(own = has("host")) {
  const first = { id: server, name: "Office by the river", addresses: ["http://192.168.1.7:4242"], own };
  const second = { id: "server-2", name: "LAN party", addresses: ["http://10.0.0.9:4242"], own: false };
  tell({ event: "servers", servers: web ? [first] : [first, second] });
}

const hosted = () =>
  tell({
    event: "hosting",
    hosting: {
      server,
      name: "Office by the river",
      addresses: ["http://192.168.1.7:4242", "http://[2001:db8::7]:4242"],
      ...(has("unannounced") ? { unannounced: "multicast is switched off on this network" } : {}),
    },
  });

const found = () =>
  tell({
    event: "nearby",
    searching_ms: has("nearby") ? 900 : 6000,
    checked: ["Wi-Fi 192.168.1.7", "Ethernet 10.0.0.4"],
    servers: has("nearby")
      ? [
          {
            id: server,
            name: "Office by the river",
            people: 7,
            addresses: ["http://192.168.1.20:4242"],
            compatible: true,
            own: false,
          },
          {
            id: "o",
            name: "Old one",
            people: 1,
            addresses: ["http://192.168.1.21:4242"],
            compatible: false,
            own: false,
          },
        ]
      : [],
  });

const enter = () => {
  known();
  connect();
};

export const backend: Backend = {
  start(on) {
    tell = on;
    if (has("fatal")) {
      const message = "The data folder ~/.local/share/ichat is in use by another I-Chat. Quit that one first.";
      tell({ event: "fatal", error: { code: "storage", message } });
      return Promise.resolve();
    }
    tell({ event: "profile", name: "Amber Otter", device: "d", first_run: has("first") });
    decorate();
    if (has("first") && !web) found();
    else enter();
    if (has("host")) hosted();
    if (has("quit")) tell({ event: "ask_quit" });
    (window as unknown as { world: unknown }).world = {
      says,
      many: (n: number) => {
        for (let i = 0; i < n; i++) says("lobby", i % 2 ? "ada-key" : "lea-key", `live ${i}`);
      },
    };
    return Promise.resolve();
  },
  command: (_server, wish) => {
    command(wish);
    return Promise.resolve();
  },
  setName: () => Promise.resolve(),
  attention: () => undefined,
  notify: () => undefined,
  badge: () => undefined,
  ...(web
    ? {}
    : {
        hosting: {
          start: () => {
            enter();
            hosted();
            return Promise.resolve();
          },
          stop: () => {
            tell({ event: "hosting", hosting: null });
            return Promise.resolve();
          },
          hide: () => Promise.resolve(),
          quit: () => Promise.resolve(),
        },
        nearby: {
          join: () => {
            enter();
            return Promise.resolve();
          },
        },
        servers: {
          join: (address: string) => {
            if (address === "nowhere")
              return Promise.reject({
                code: "other",
                message: "Nobody answers at nowhere. Is the address right, and is the host running?",
              });
            enter();
            return Promise.resolve(server);
          },
          forget: () => Promise.resolve(),
        },
      }),
};
