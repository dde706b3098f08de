/**
 * Pending and refused posts:
 * - a post that the back end did not accept is sent again with the same id
 * - a retry that the back end does not accept fails with the reason
 * - a post that can't be discarded appears again in its old position
 * - a refused change stays visible while another change is pending
 * - a refused change disappears when a later one of the same kind is in the log
 * - a refused change of the room shows its error and is discarded
 * - pending posts are counted over all rooms, without refused ones
 * - posts to a room that the user is no longer in are listed until they are dealt with, also after a restart
 * - a server that temporarily accepts no posts shows why, until it accepts one or the connection is lost
 */
import { describe, expect, it } from "vitest";
import type { Body } from "../src/backend/protocol";
import type { OutboxItem, Update } from "../src/backend/session-types";
import { hello, openApp, summaryOf } from "./fixtures/app";
import { RoomFixture, RoomLog } from "./fixtures/room";

function openRoom() {
  const fixture = new RoomFixture(new RoomLog().fill(2));
  fixture.room.open();
  return fixture;
}

const rejectionsHandled = () => new Promise((resolve) => setTimeout(resolve));
const states = ({ room }: RoomFixture) =>
  room.pendingMessages.map(({ item, state, error }) => [item.text, state, error]);

describe("RoomState", () => {
  it("sends a post that the back end did not accept again, with the same id", async () => {
    const fixture = openRoom();
    fixture.backendError = "The disk is full.";
    fixture.room.send("hello");
    await rejectionsHandled();
    expect(states(fixture)).toEqual([["hello", "failed", "The disk is full."]]);
    fixture.backendError = null;
    fixture.room.retry(fixture.room.pendingMessages[0]?.item.id ?? "");
    await rejectionsHandled();
    expect(states(fixture)).toEqual([["hello", "sending", undefined]]);
    const [first, second] = fixture.sent("send");
    expect(second).toEqual(first);
    expect(fixture.sent("retry")).toEqual([]);
  });

  it("keeps no change of the room that the back end did not accept", async () => {
    const fixture = openRoom();
    fixture.backendError = "The disk is full.";
    fixture.room.post({ kind: "topic", text: "Lunch" });
    await rejectionsHandled();
    expect(fixture.room.outbox.failed).toEqual([]);
  });

  it("shows why a retry failed", async () => {
    const fixture = openRoom();
    fixture.room.send("hello");
    fixture.room.outbox.set([refused(fixture, "No.")]);
    fixture.backendError = "The disk is full.";
    fixture.room.retry(fixture.room.pendingMessages[0]?.item.id ?? "");
    await rejectionsHandled();
    expect(states(fixture)).toEqual([["hello", "failed", "The disk is full."]]);
  });

  it("restores a post that can't be discarded in its old position", async () => {
    const fixture = openRoom();
    for (const text of ["one", "two", "three"]) fixture.room.send(text);
    fixture.backendError = "The disk is full.";
    fixture.room.discard(fixture.room.pendingMessages[1]?.item.id ?? "");
    expect(fixture.room.pendingMessages.map(({ item }) => item.text)).toEqual(["one", "three"]);
    await rejectionsHandled();
    expect(fixture.room.pendingMessages.map(({ item }) => item.text)).toEqual(["one", "two", "three"]);
  });

  it("keeps a refused change visible beside a pending one", () => {
    const fixture = openRoom();
    const item = fixture.room.items[0];
    if (!item) throw new Error("no items");
    const edit: Body = { kind: "edit", of: item.id, text: "better" };
    const post = (id: string, body: Body): OutboxItem => ({
      id,
      room: "room",
      body,
      written: 0,
      state: { state: "sending" },
    });
    fixture.room.outbox.set([
      { ...post("a", edit), state: { state: "failed", error: { code: "not_yours", message: "Not yours." } } },
      post("b", { kind: "react", to: item.id, emoji: "👍", on: true }),
    ]);
    expect(fixture.room.items[0]).toMatchObject({
      text: item.text,
      reactions: [{ emoji: "👍", members: ["alice"] }],
      pending: { id: "a", body: edit, error: "Not yours." },
    });
  });

  it("shows no refused change any more when a later one of its kind is in the log", () => {
    const fixture = openRoom();
    const [item, other] = fixture.room.items;
    if (!item || !other) throw new Error("no items");
    const edit = (of: string, text: string): Body => ({ kind: "edit", of, text });
    const failed = (id: string, body: Body): OutboxItem => ({
      id,
      room: "room",
      body,
      written: 0,
      state: { state: "failed", error: { code: "too_large", message: "Too long." } },
    });
    const time = Date.UTC(2026, 2, 5, 10);
    const { log, room } = fixture;
    const before = log.add("alice", edit(item.id, "before"), time);
    const [first, second] = [time + 1, time + 2].map((at) => new RoomLog().add("alice", { kind: "left" }, at).id);
    room.outbox.set([failed(first ?? "", edit(item.id, "x")), failed(second ?? "", edit(other.id, "y"))]);
    const errors = () => room.items.map(({ pending }) => pending?.error);
    fixture.receive(before, log.add("alice", { kind: "react", to: item.id, emoji: "👍", on: true }, time + 3));
    expect(errors()).toEqual(["Too long.", "Too long."]);
    fixture.receive(log.add("alice", edit(item.id, "better"), time + 4));
    expect(errors()).toEqual([undefined, "Too long."]);
    expect(fixture.sent("discard")).toEqual([{ command: "discard", id: first }]);
  });
});

function refused(fixture: RoomFixture, message: string): OutboxItem {
  const { item } = fixture.room.pendingMessages[0] ?? {};
  if (!item) throw new Error("no pending message");
  const error = { code: "other" as const, message };
  return { id: item.id, room: "room", body: item.body, written: item.at, state: { state: "failed", error } };
}

describe("ServerState", () => {
  const post = (room: string, id: string): OutboxItem => ({
    id,
    room,
    body: { kind: "message", text: id },
    written: 0,
    state: { state: "sending" },
  });

  async function online(...rooms: string[]) {
    const { app, emit, commands } = await openApp();
    emit({ event: "servers", servers: [{ id: "office", name: "Office", addresses: [], own: false }] });
    const notify = (update: Update) => emit({ event: "session", server: "office", update });
    const list = (...ids: string[]) => notify({ update: "rooms", rooms: ids.map((id) => summaryOf(id)) });
    const sayHello = () => notify({ update: "hello", ...hello });
    if (rooms.length > 0) list(...rooms);
    else list("lobby", "kitchen");
    notify({ update: "connection", state: "online" });
    const server = app.servers[0];
    if (!server) throw new Error("no server");
    return { app, commands, server, notify, list, sayHello };
  }

  it("counts pending posts over all rooms, without refused ones", async () => {
    const { server, notify } = await online();
    const error = { code: "not_joined" as const, message: "Join first." };
    notify({ update: "outbox", room: "lobby", items: [post("lobby", "1"), post("lobby", "2")] });
    notify({
      update: "outbox",
      room: "kitchen",
      items: [post("kitchen", "3"), { ...post("kitchen", "4"), state: { state: "failed", error } }],
    });
    expect(server.sending.map(({ id }) => id)).toEqual(["3", "1", "2"]);
    expect(server.rooms.map(({ outbox }) => outbox.failed.length)).toEqual([1, 0]);
  });

  it("shows the error of a refused change of the room, and discards the change", async () => {
    const { app, commands, server, notify } = await online();
    const error = { code: "bad_request" as const, message: "A topic has no invisible characters." };
    const change: OutboxItem = {
      ...post("lobby", "1"),
      body: { kind: "topic", text: "x" },
      state: { state: "failed", error },
    };
    notify({ update: "outbox", room: "lobby", items: [change, { ...change, id: "2", body: post("lobby", "2").body }] });
    expect(app.toasts.shown.map(({ text }) => text)).toEqual(["A topic has no invisible characters."]);
    const discards = () => commands.filter(({ command }) => command === "discard");
    expect(discards()).toEqual([{ command: "discard", id: "1" }]);
    expect(server.room("lobby")?.outbox.failed.map(({ id }) => id)).toEqual(["2"]);
    notify({ update: "outbox", room: "lobby", items: [change] });
    expect(discards().length).toBe(1);
  });

  it("lists refused posts to a room that the user has left", async () => {
    const { server, notify, list } = await online();
    const error = { code: "not_joined" as const, message: "Join first." };
    const refused: OutboxItem = { ...post("kitchen", "1"), state: { state: "failed", error } };
    const names = () => server.rooms.map(({ name, outbox }) => [name, outbox.failed.length]);
    notify({ update: "outbox", room: "kitchen", items: [post("kitchen", "1")] });
    list("lobby");
    notify({ update: "outbox", room: "kitchen", items: [refused] });
    expect(names()).toEqual([
      ["lobby", 0],
      ["kitchen", 1],
    ]);
    notify({ update: "outbox", room: "kitchen", items: [] });
    expect(names()).toEqual([["lobby", 0]]);
  });

  it("lists them after a restart, once the rooms are known", async () => {
    const { server, notify, list, sayHello } = await online("lobby");
    const error = { code: "not_joined" as const, message: "Join first." };
    notify({
      update: "outbox",
      room: "kitchen",
      items: [{ ...post("kitchen", "1"), state: { state: "failed", error } }],
    });
    expect(server.rooms.map(({ id }) => id)).toEqual(["lobby"]);
    sayHello();
    list("lobby");
    expect(server.rooms.map(({ id, joined, outbox }) => [id, joined, outbox.failed.length])).toEqual([
      ["lobby", true, 0],
      ["kitchen", false, 1],
    ]);
    list("kitchen", "lobby");
    expect(server.rooms.map(({ id, joined }) => [id, joined])).toEqual([
      ["lobby", true],
      ["kitchen", true],
    ]);
  });

  it("shows why it accepts no posts, until it accepts one or the connection is lost", async () => {
    const { server, notify, sayHello } = await online();
    sayHello();
    const entry = {
      seq: 1,
      id: "1",
      author: "alice",
      device: "d",
      at: 0,
      body: { kind: "message", text: "1" },
    } as const;
    const refused = { update: "refused", event: "post", room: "lobby" } as const;
    notify({ update: "outbox", room: "lobby", items: [post("lobby", "1"), post("lobby", "2")] });
    notify({ ...refused, error: { code: "storage", message: "The disk is full." } });
    expect(server.postingError?.message).toBe("The disk is full.");
    notify({ update: "outbox", room: "lobby", items: [post("lobby", "1"), post("lobby", "2"), post("lobby", "3")] });
    expect(server.postingError?.message).toBe("The disk is full.");
    notify({ update: "entries", room: "lobby", head: { epoch: "e", seq: 1 }, entries: [entry] });
    expect(server.postingError).toBeNull();
    notify({ ...refused, error: { code: "busy", message: "Too much at once." } });
    expect(server.postingError?.message).toBe("Too much at once.");
    notify({ update: "connection", state: "reconnecting", attempts: 0, waiting: 2 });
    expect(server.postingError).toBeNull();
    // A permanent refusal is shown at the post itself.
    notify({ ...refused, error: { code: "not_joined", message: "Join first." } });
    expect(server.postingError).toBeNull();
  });
});
