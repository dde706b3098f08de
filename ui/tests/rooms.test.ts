/**
 * Creating rooms, and the list of all rooms:
 * - a room is created when the server lists it, not before
 * - a room that is refused, or can't be asked for, is not created, and the reason is shown once
 * - a room that was lost with the connection is not created; one that the server created all the same is, also if it is listed last
 * - a room that the user has left stays while it has posts that were not sent, and can be joined again; its name
 *   isn't offered
 * - rooms are listed by name, regardless of case and of the order in which they arrive, the lobby first
 * - a list of rooms that is refused, or can't be asked for, says why until it is asked for again
 */
import { describe, expect, it } from "vitest";
import type { Backend, BackendEvent } from "../src/backend";
import { hello, openApp, summaryOf } from "./fixtures/app";

type Update = Extract<BackendEvent, { event: "session" }>["update"];

/** An app that is connected to a server, whose answers the test gives. */
async function openOffice(parts: Partial<Backend> = {}) {
  const { app, emit, commands } = await openApp(parts);
  emit({ event: "profile", name: "Alice", device: "d", first_run: false });
  emit({ event: "servers", servers: [{ id: "office", name: "Office", addresses: ["office:4242"], own: false }] });
  const notify = (update: Update) => emit({ event: "session", server: "office", update });
  const lists = (...rooms: string[]) =>
    notify({ update: "rooms", rooms: ["lobby", ...rooms].map((room) => summaryOf(room)) });
  const connects = (...rooms: string[]) => {
    notify({ update: "hello", ...hello, rooms: ["lobby", ...rooms].map((room) => summaryOf(room)) });
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

  it("is not created if it is refused, and its reason is shown once", async () => {
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

describe("a server that lists the user's rooms in parts", () => {
  const part = (...rooms: string[]) => ({ update: "rooms", rooms: rooms.map((room) => summaryOf(room)) }) as const;

  it("is asked to the end for a room that was being created", async () => {
    const { notify, disconnects, creates } = await openOffice();
    const [lost, arrived] = [creates(), creates()];
    disconnects();
    notify({ update: "hello", ...hello, rooms: [summaryOf("lobby")], more: true });
    notify({ update: "connection", state: "online" });
    notify({ ...part("lobby"), partial: true });
    const later = creates();
    await settle();
    expect([lost.refused, arrived.refused]).toEqual([undefined, undefined]);
    notify(part("lobby", arrived.id));
    await settle();
    expect(lost.refused).toMatch(/connection was lost/);
    expect([arrived.created, later.refused]).toEqual([arrived.id, undefined]);
  });

  it("has an addressed room that it has not listed yet", async () => {
    const { app, notify, disconnects } = await openOffice();
    disconnects();
    app.navigation.show({ server: null, room: "late", seq: null });
    notify({ update: "hello", ...hello, rooms: [summaryOf("lobby")], more: true });
    notify({ update: "connection", state: "online" });
    notify({ ...part("lobby"), partial: true });
    expect([app.room, app.navigation.missingRoom]).toEqual([undefined, null]);
    notify(part("lobby", "late"));
    expect(app.room?.id).toBe("late");
  });

  it("reports a room that the last part shows to be lost", async () => {
    const { app, notify, connects, disconnects } = await openOffice();
    connects("kitchen");
    app.open("office", "kitchen");
    disconnects();
    notify({ update: "hello", ...hello, rooms: [summaryOf("lobby")], more: true });
    notify({ update: "connection", state: "online" });
    notify({ ...part("lobby", "kitchen"), partial: true });
    expect(app.room?.id).toBe("kitchen");
    notify(part("lobby"));
    expect([app.room, app.navigation.missingRoom]).toEqual([undefined, "kitchen"]);
  });
});

describe("a room that the user has left", () => {
  it("stays while it has posts that were not sent, and can be joined again", async () => {
    const { server, notify, lists } = await openOffice();
    lists("kitchen");
    expect(server.isIn("kitchen")).toBe(true);
    const error = { code: "other", message: "You are not in this room." } as const;
    const post = {
      id: "post",
      room: "kitchen",
      body: { kind: "message", text: "late" },
      written: 1,
      state: { state: "failed", error },
    } as const;
    notify({ update: "outbox", room: "kitchen", items: [post], merged: [] });
    lists();
    expect(server.room("kitchen")).toBeDefined();
    expect(server.isIn("kitchen")).toBe(false);
    expect(server.joinedRooms.map(({ id }) => id)).toEqual(["lobby"]);
    lists("kitchen");
    expect(server.isIn("kitchen")).toBe(true);
    expect(server.room("kitchen")?.pendingMessages.length).toBe(1);
  });
});

describe("the lists of rooms", () => {
  it("are sorted by name, regardless of case", async () => {
    const { server, notify } = await openOffice();
    const names = ["Zebra", "apple", "Room 10", "Äpfel", "room 9", "Lobby", "Banana", "apple"];
    const rooms = names.map((name, i) => summaryOf(name === "Lobby" ? "lobby" : `r${i}`, 0, { name }));
    const sorted = ["Äpfel", "apple", "apple", "Banana", "room 9", "Room 10", "Zebra"];
    notify({ update: "rooms", rooms });
    expect(server.rooms.map(({ name }) => name)).toEqual(["Lobby", ...sorted]);
    notify({ update: "rooms", rooms: rooms.filter(({ name }) => name !== "Banana") });
    notify({ update: "rooms", rooms: rooms.map((room) => ({ ...room, unread: 1 })) });
    expect(server.rooms.map(({ name, id, unread }) => [name, id, unread])).toContainEqual(["Banana", "r6", 1]);
    expect(server.rooms.map(({ name }) => name)).toEqual(["Lobby", ...sorted]);
    notify({ update: "rooms", rooms: rooms.map((room) => (room.id === "r0" ? { ...room, name: "aardvark" } : room)) });
    expect(server.rooms[1]?.name).toBe("aardvark");
    notify({ update: "directory", rooms: rooms.filter(({ id }) => id !== "lobby") });
    expect(server.directory?.map(({ name }) => name)).toEqual(sorted);
  });
});

describe("the list of all rooms", () => {
  const busy = { code: "busy", message: "The server is too busy." } as const;

  it("says why it was refused, until it is asked for again", async () => {
    const { app, server, commands, notify } = await openOffice();
    server.browse();
    notify({ update: "refused", event: "rooms", error: busy });
    expect([server.directory, server.directoryError]).toEqual([null, busy.message]);
    // The error is shown in the place of the list.
    expect(app.toasts.shown).toEqual([]);
    server.browse();
    expect(server.directoryError).toBeNull();
    expect(commands.filter(({ command }) => command === "browse").length).toBe(2);
    notify({ update: "refused", event: "rooms", error: busy });
    notify({ update: "directory", rooms: [summaryOf("lobby")] });
    expect([server.directory?.length, server.directoryError]).toEqual([1, null]);
  });

  it("says why it can't be asked for", async () => {
    const { app, server } = await openOffice({
      command: (_, { command }) => (command === "browse" ? Promise.reject(busy) : Promise.resolve()),
    });
    server.browse();
    await settle();
    expect([server.directoryError, app.toasts.shown]).toEqual([busy.message, []]);
  });
});
