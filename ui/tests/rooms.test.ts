/**
 * Creating rooms:
 * - a room is created when the server lists it, not before
 * - a room that is refused, or can't be asked for, is not created, and the reason is told once
 * - a room that was lost with the connection is not created; one that the server created all the same is
 */
import { describe, expect, it } from "vitest";
import type { Backend, BackendEvent } from "../src/backend";
import type { RoomSummary } from "../src/backend/protocol";
import { hello, openApp } from "./fixtures/app";

type Update = Extract<BackendEvent, { event: "session" }>["update"];

const summaryOf = (id: string): RoomSummary => ({
  id,
  name: id,
  topic: "",
  members: 1,
  head: { epoch: "e", seq: 0 },
  joined: true,
  read: 0,
  unread: 0,
});

/** An app that is connected to a server, whose answers the test gives. */
async function openOffice(parts: Partial<Backend> = {}) {
  const { app, emit, commands } = await openApp(parts);
  emit({ event: "profile", name: "Alice", device: "d", first_run: false });
  emit({ event: "servers", servers: [{ id: "office", name: "Office", addresses: ["office:4242"], own: false }] });
  const notify = (update: Update) => emit({ event: "session", server: "office", update });
  const lists = (...rooms: string[]) => notify({ update: "rooms", rooms: ["lobby", ...rooms].map(summaryOf) });
  const connects = (...rooms: string[]) => {
    notify({ update: "hello", ...hello, rooms: ["lobby", ...rooms].map(summaryOf) });
    notify({ update: "connection", state: "online" });
    lists(...rooms);
  };
  const disconnects = () => notify({ update: "connection", state: "connecting" });
  connects();
  const { server } = app;
  if (!server) throw new Error("the server is known");
  /** Creates a room, and returns what has become of it. */
  const creates = () => {
    const result = { created: undefined as string | undefined, refused: undefined as string | undefined, id: "" };
    void server.create("Lunch", "").then(
      (room) => (result.created = room),
      ({ message }: Error) => (result.refused = message),
    );
    const command = commands.findLast((candidate) => candidate.command === "create");
    if (command?.command === "create") result.id = command.room;
    return result;
  };
  return { app, server, commands, notify, lists, connects, disconnects, creates };
}

/** Lets the promises settle that can. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe("a room", () => {
  it("is created when the server lists it", async () => {
    const { lists, creates } = await openOffice();
    const lunch = creates();
    await settle();
    expect(lunch).toMatchObject({ created: undefined, refused: undefined });
    lists(lunch.id);
    await settle();
    expect(lunch.created).toBe(lunch.id);
  });

  it("is not created if it is refused, and its reason is told once", async () => {
    const { app, notify, creates } = await openOffice();
    const lunch = creates();
    notify({
      update: "refused",
      event: "create",
      room: lunch.id,
      error: { code: "other", message: "There are enough." },
    });
    await settle();
    expect(lunch).toMatchObject({ created: undefined, refused: "There are enough." });
    expect(app.toasts.shown).toEqual([]);
  });

  it("is not created if the back end can't ask for it", async () => {
    const { app, creates } = await openOffice({
      command: (_, { command }) =>
        command === "create" ? Promise.reject({ code: "storage", message: "The disk is full." }) : Promise.resolve(),
    });
    const lunch = creates();
    await settle();
    expect(lunch).toMatchObject({ created: undefined, refused: "The disk is full." });
    expect(app.toasts.shown).toEqual([]);
  });

  it("that was lost with the connection is not created, unless the server says so", async () => {
    const { connects, disconnects, creates } = await openOffice();
    const [lost, arrived] = [creates(), creates()];
    disconnects();
    await settle();
    expect([lost.refused, arrived.created]).toEqual([undefined, undefined]);
    connects(arrived.id);
    await settle();
    expect(lost.refused).toMatch(/connection was lost/);
    expect(arrived.created).toBe(arrived.id);
  });
});
