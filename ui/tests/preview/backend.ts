import type { Backend, BackendEvent } from "../../src/backend";
import type { Command, ConnectionStatus, OutboxItem, Update } from "../../src/backend/session-types";
import { FakeRoom, me, members, people } from "./rooms";

/**
 * A fake back end, to preview the interface without a server. The page's address selects the state to show:
 * `?first`, `?first&nearby`, `?web`, `?big=100000`, `?unread=30`, `?offline`, `?closing`, `?refused`, `?empty`, `?host`,
 * `?unannounced`, `?typing`, `?quit`, `?fatal`.
 */
const options = new URLSearchParams(location.search);
const has = (option: string) => options.has(option);
const server = "server-1";
const web = has("web");

let emit: (event: BackendEvent) => void = () => undefined;
const notify = (update: Update, to = server) => emit({ event: "session", server: to, update });

const size = Number(options.get("big") ?? (has("empty") ? 1 : 300));
const rooms = [
  new FakeRoom(
    "lobby",
    "Lobby",
    "Everything that has no room of its own",
    size,
    size - Number(options.get("unread") ?? 0),
  ),
  new FakeRoom("design", "Design", "", 40, 28),
  new FakeRoom("long", "A room whose name nobody thought about long enough before creating it", "", 5, 5),
  new FakeRoom("arabic", "غرفة الاجتماعات", "", 12, 12),
];
const outbox: OutboxItem[] = [];
let connection: ConnectionStatus = { state: "online" };

const summaries = () => notify({ update: "rooms", rooms: rooms.map((room) => room.summary()) });
const room = (id: string) => rooms.find((candidate) => candidate.id === id);

function sendEntries(id: string, after?: number, before?: number, limit = 200) {
  const page = room(id)?.page(after, before, limit);
  if (page) notify({ update: "entries", room: id, head: page.head, entries: page.entries, later: page.later ?? [] });
}

function says(id: string, author: string, text: string) {
  const entry = room(id)?.add(author, { kind: "message", text });
  if (entry) notify({ update: "entries", room: id, head: { epoch: "e", seq: entry.seq }, entries: [entry] });
  summaries();
}

function handle(command: Command) {
  switch (command.command) {
    case "open":
      sendEntries(command.room, undefined, undefined, 100);
      return notify({ update: "members", room: command.room, members });
    case "history":
      setTimeout(() => sendEntries(command.room, command.range.after, command.range.before, command.range.limit), 30);
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
      rooms.push(new FakeRoom(command.room, command.name, command.topic ?? "", 1, 1));
      return summaries();
    case "browse":
      setTimeout(
        () =>
          notify({
            update: "directory",
            rooms: [
              ...rooms.map((known) => known.summary()),
              new FakeRoom("x", "Lunch", "What and where", 9, 9).summary(),
            ],
          }),
        100,
      );
      return;
    case "retry":
    case "find_members":
    case "editing":
    case "join":
    case "leave":
    case "typing":
    case "away":
    case "set_name":
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
  notify({ update: "outbox", room: post.room, items: own() });
  if (connection.state !== "online" || item.state.state === "failed") return;
  setTimeout(() => {
    outbox.splice(outbox.indexOf(item), 1);
    const entry = room(post.room)?.add(me, post.body, post.id);
    if (entry) notify({ update: "entries", room: post.room, head: { epoch: "e", seq: entry.seq }, entries: [entry] });
    notify({ update: "outbox", room: post.room, items: own() });
  }, 80);
}

function addExamples() {
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
  notify({
    update: "hello",
    server: { id: server, name: "Office by the river", software: "ichat" },
    protocol: 1,
    me,
    name: "Amber Otter",
    device: "d",
    lobby: "lobby",
    rooms: [],
    limits: { text_bytes: 16384, page_entries: 200, packet_bytes: 0, pending_events: 64, heads_interval_ms: 5000 },
    now: Date.now(),
  });
  summaries();
  notify({ update: "presence", people: people.filter(({ availability }) => availability !== "offline") });
  if (has("offline")) connection = { state: "reconnecting", attempts: 4, waiting: 2 };
  if (has("closing"))
    connection = { state: "reconnecting", attempts: 0, waiting: 0, message: "The host has stopped the server." };
  if (has("refused")) {
    connection = {
      state: "refused",
      error: { code: "protocol", message: "It speaks a newer version. Update I-Chat." },
    };
  }
  notify({ update: "connection", ...connection });
  if (has("typing")) notify({ update: "typing", room: "lobby", members: ["ada-key", "lea-key"] });
}

function emitServers(own = has("host")) {
  const first = { id: server, name: "Office by the river", addresses: ["192.168.1.7:4242"], own };
  const second = { id: "server-2", name: "LAN party", addresses: ["10.0.0.9:4242"], own: false };
  emit({ event: "servers", servers: web ? [first] : [first, second] });
}

const emitHosting = () =>
  emit({
    event: "hosting",
    hosting: {
      server,
      name: "Office by the river",
      addresses: ["http://192.168.1.7:4242", "http://[2001:db8::7]:4242"],
      ...(has("unannounced") ? { unannounced: "multicast is switched off on this network" } : {}),
    },
  });

const emitNearby = () =>
  emit({
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

const join = () => {
  emitServers();
  connect();
};

export const backend: Backend = {
  start(onEvent) {
    emit = onEvent;
    if (has("fatal")) {
      const message = "The data folder ~/.local/share/ichat is in use by another I-Chat. Quit that one first.";
      emit({ event: "fatal", error: { code: "storage", message } });
      return Promise.resolve();
    }
    emit({ event: "profile", name: "Amber Otter", device: "d", first_run: has("first") });
    addExamples();
    if (has("first") && !web) emitNearby();
    else join();
    if (has("host")) emitHosting();
    if (has("quit")) emit({ event: "ask_quit", tray: true });
    (window as unknown as { preview: unknown }).preview = {
      says,
      sayMany: (n: number) => {
        for (let i = 0; i < n; i++) says("lobby", i % 2 ? "ada-key" : "lea-key", `live ${i}`);
      },
    };
    return Promise.resolve();
  },
  command: (_server, received) => {
    handle(received);
    return Promise.resolve();
  },
  setName: () => Promise.resolve(),
  reconnect: () => undefined,
  hurry: () => undefined,
  notify: () => undefined,
  withdrawNotification: () => undefined,
  badge: () => undefined,
  handlesHistoryKeys: true,
  ...(web
    ? {}
    : {
        hosting: {
          start: () => {
            join();
            emitHosting();
            return Promise.resolve();
          },
          stop: () => {
            emit({ event: "hosting", hosting: null });
            return Promise.resolve();
          },
          hide: () => Promise.resolve(),
          quit: () => Promise.resolve(),
        },
        nearby: {
          join: () => {
            join();
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
            join();
            return Promise.resolve(server);
          },
          forget: () => Promise.resolve(),
        },
      }),
};
