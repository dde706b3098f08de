/**
 * What is on its way, and what was refused:
 * - what the back end did not take is sent under its id when it is tried again
 * - a retry that can't be kept is refused again, with the reason
 * - what can't be deleted comes back where it stood
 * - a refused change stays in sight while another one is on its way, with what was written
 * - what waits is counted over all rooms, without what was refused
 * - what was written to a room that one is not in any more stands in its list until it is dealt with, also after a restart
 * - a server that takes nothing for a while says why, until something gets through or the connection goes
 */
import { describe, expect, it } from "vitest";
import type { Body } from "../src/backend/protocol";
import type { OutboxItem, Update } from "../src/backend/session-types";
import { openApp } from "./fixtures/app";
import { Log, Visit } from "./fixtures/room";

function alone() {
  const visit = new Visit(new Log().fill(2));
  visit.room.visit();
  return visit;
}

const told = () => new Promise((resolve) => setTimeout(resolve));
const states = ({ room }: Visit) => room.waiting.map(({ item, state, error }) => [item.text, state, error]);

describe("a room", () => {
  it("sends again what the back end did not take, under its id", async () => {
    const visit = alone();
    visit.broken = "The disk is full.";
    visit.room.send("hello");
    await told();
    expect(states(visit)).toEqual([["hello", "failed", "The disk is full."]]);
    visit.broken = null;
    visit.room.retry(visit.room.waiting[0]?.item.id ?? "");
    await told();
    expect(states(visit)).toEqual([["hello", "sending", undefined]]);
    const [first, second] = visit.of("send");
    expect(second).toEqual(first);
    expect(visit.of("retry")).toEqual([]);
  });

  it("says so when a retry can't be kept", async () => {
    const visit = alone();
    visit.room.send("hello");
    visit.room.outbox.set([refused(visit, "No.")]);
    visit.broken = "The disk is full.";
    visit.room.retry(visit.room.waiting[0]?.item.id ?? "");
    await told();
    expect(states(visit)).toEqual([["hello", "failed", "The disk is full."]]);
  });

  it("brings back what can't be deleted, where it stood", async () => {
    const visit = alone();
    for (const text of ["one", "two", "three"]) visit.room.send(text);
    visit.broken = "The disk is full.";
    visit.room.discard(visit.room.waiting[1]?.item.id ?? "");
    expect(visit.room.waiting.map(({ item }) => item.text)).toEqual(["one", "three"]);
    await told();
    expect(visit.room.waiting.map(({ item }) => item.text)).toEqual(["one", "two", "three"]);
  });

  it("keeps a refused change in sight beside another one", () => {
    const visit = alone();
    const line = visit.room.items[0];
    if (!line) throw new Error("there are lines");
    const edit: Body = { kind: "edit", of: line.id, text: "better" };
    const post = (id: string, body: Body): OutboxItem => ({
      id,
      room: "room",
      body,
      written: 0,
      state: { state: "sending" },
    });
    visit.room.outbox.set([
      { ...post("a", edit), state: { state: "failed", error: { code: "not_yours", message: "Not yours." } } },
      post("b", { kind: "react", to: line.id, emoji: "👍", on: true }),
    ]);
    expect(visit.room.items[0]).toMatchObject({
      text: line.text,
      reactions: [{ emoji: "👍", members: ["alice"] }],
      pending: { id: "a", body: edit, error: "Not yours." },
    });
  });
});

function refused(visit: Visit, message: string): OutboxItem {
  const { item } = visit.room.waiting[0] ?? {};
  if (!item) throw new Error("it waits");
  const error = { code: "other" as const, message };
  return { id: item.id, room: "room", body: item.body, written: item.at, state: { state: "failed", error } };
}

describe("a server", () => {
  const post = (room: string, id: string): OutboxItem => ({
    id,
    room,
    body: { kind: "message", text: id },
    written: 0,
    state: { state: "sending" },
  });

  async function online(...rooms: string[]) {
    const { app, tell } = await openApp();
    tell({ event: "servers", servers: [{ id: "office", name: "Office", addresses: [], own: false }] });
    const up = (update: Update) => tell({ event: "session", server: "office", update });
    const summary = { topic: "", members: 1, head: { epoch: "e", seq: 0 }, joined: true, read: 0, unread: 0 };
    const list = (...ids: string[]) => up({ update: "rooms", rooms: ids.map((id) => ({ ...summary, id, name: id })) });
    const hello = () =>
      up({
        update: "hello",
        server: { id: "office", name: "Office", software: "ichat" },
        protocol: 1,
        me: "alice",
        name: "Alice",
        device: "d",
        lobby: "lobby",
        rooms: [],
        limits: { text_bytes: 1, page_entries: 1, packet_bytes: 1, waiting_posts: 1, heads_every_ms: 1 },
        now: 0,
      });
    if (rooms.length > 0) list(...rooms);
    else list("lobby", "kitchen");
    up({ update: "connection", state: "online" });
    const server = app.servers[0];
    if (!server) throw new Error("there is a server");
    return { server, up, list, hello };
  }

  it("counts what waits over all rooms, without what was refused", async () => {
    const { server, up } = await online();
    const error = { code: "not_joined" as const, message: "Join first." };
    up({ update: "outbox", room: "lobby", items: [post("lobby", "1"), post("lobby", "2")] });
    up({
      update: "outbox",
      room: "kitchen",
      items: [post("kitchen", "3"), { ...post("kitchen", "4"), state: { state: "failed", error } }],
    });
    expect(server.sending.map(({ id }) => id)).toEqual(["1", "2", "3"]);
    expect(server.rooms.map(({ outbox }) => outbox.failed.length)).toEqual([0, 1]);
  });

  it("shows what was refused by a room that one is not in any more", async () => {
    const { server, up, list } = await online();
    const error = { code: "not_joined" as const, message: "Join first." };
    const refused: OutboxItem = { ...post("kitchen", "1"), state: { state: "failed", error } };
    const names = () => server.rooms.map(({ name, outbox }) => [name, outbox.failed.length]);
    up({ update: "outbox", room: "kitchen", items: [post("kitchen", "1")] });
    list("lobby");
    up({ update: "outbox", room: "kitchen", items: [refused] });
    expect(names()).toEqual([
      ["lobby", 0],
      ["kitchen", 1],
    ]);
    up({ update: "outbox", room: "kitchen", items: [] });
    expect(names()).toEqual([["lobby", 0]]);
  });

  it("shows it after a restart as well, once it is known which rooms there are", async () => {
    const { server, up, list, hello } = await online("lobby");
    const error = { code: "not_joined" as const, message: "Join first." };
    up({ update: "outbox", room: "kitchen", items: [{ ...post("kitchen", "1"), state: { state: "failed", error } }] });
    expect(server.rooms.map(({ id }) => id)).toEqual(["lobby"]);
    hello();
    list("lobby");
    expect(server.rooms.map(({ id, joined, outbox }) => [id, joined, outbox.failed.length])).toEqual([
      ["lobby", true, 0],
      ["kitchen", false, 1],
    ]);
    list("kitchen", "lobby");
    expect(server.rooms.map(({ id, joined }) => [id, joined])).toEqual([
      ["kitchen", true],
      ["lobby", true],
    ]);
  });

  it("says why it takes nothing, until something gets through or the connection goes", async () => {
    const { server, up, hello } = await online();
    hello();
    const said = {
      seq: 1,
      id: "1",
      author: "alice",
      device: "d",
      at: 0,
      body: { kind: "message", text: "1" },
    } as const;
    const full = { update: "refused", event: "post", room: "lobby" } as const;
    up({ update: "outbox", room: "lobby", items: [post("lobby", "1"), post("lobby", "2")] });
    up({ ...full, error: { code: "storage", message: "The disk is full." } });
    expect(server.postingError?.message).toBe("The disk is full.");
    up({ update: "outbox", room: "lobby", items: [post("lobby", "1"), post("lobby", "2"), post("lobby", "3")] });
    expect(server.postingError?.message).toBe("The disk is full.");
    up({ update: "entries", room: "lobby", head: { epoch: "e", seq: 1 }, entries: [said] });
    expect(server.postingError).toBeNull();
    up({ ...full, error: { code: "busy", message: "Too much at once." } });
    expect(server.postingError?.message).toBe("Too much at once.");
    up({ update: "connection", state: "reconnecting", attempts: 0, waiting: 2 });
    expect(server.postingError).toBeNull();
    // What is refused for good says so where it stands.
    up({ ...full, error: { code: "not_joined", message: "Join first." } });
    expect(server.postingError).toBeNull();
  });
});
