/**
 * The state of the whole interface:
 * - a server that can't be joined leaves the open room open
 * - a server that was joined is opened
 * - the room that was open last is opened at the next start; an address comes first
 * - hosting opens the hosted server; hosting that resumes at a start leaves the room open
 * - an address opens a room at a message, before the room is known and afterwards
 * - an address of an unknown room says so instead of opening another, until the user has joined it
 * - a room that the user leaves is replaced by the lobby
 * - an open room that is gone after a reconnect is reported, and not silently replaced
 * - without a connection, nobody is taken for absent
 * - a room that was just created is opened when it arrives, and no other one before
 * - a chosen room that can't be joined leaves the user where they were, for the given reason, also on another server
 * - without a connection, the user is known from the last visit: their messages are theirs, and the lobby is the lobby
 * - a link to a message leads to the same place here
 * - a link leads to the server at its host and path, in the app and in a page below a path
 * - what is open over a room has a name, by which it is opened and closed
 * - nothing is notified when the user has switched that off
 * - a name is shown as it was accepted, not as it was typed
 * - messages that were missed without a connection are notified, but neither those from before the start nor read ones
 * - who returns, or writes without a connection, needn't wait for the next attempt to connect
 * - who writes while the server refuses them, or asks for an attempt, affects that server only
 * - an attempt that the user has asked for is shown as the session reports it
 */
import { afterEach, describe, expect, it, vi } from "vitest";
import { host, joinNearby, openOrJoin } from "../src/state/joining";
import { addressOf } from "../src/state/place";
import type { Backend, BackendEvent, MessageNotification } from "../src/backend";
import { hello, openApp, summaryOf } from "./fixtures/app";
import { RoomLog } from "./fixtures/room";
import { DeviceStorage } from "./fixtures/storage";

type Update = Extract<BackendEvent, { event: "session" }>["update"];

const known = (id: string) => ({ id, name: id, addresses: [`${id}:4242`], own: false });

/** An app that knows the server "office", in whose rooms 500 lines were written. */
async function openOffice(device = new DeviceStorage(), parts: Partial<Backend> = {}) {
  const opened = await openApp(parts, device);
  const { emit } = opened;
  const notify = (update: Update) => emit({ event: "session", server: "office", update });
  emit({ event: "profile", name: "Alice", device: "d", first_run: false });
  emit({ event: "servers", servers: [known("office")] });
  const connects = (...rooms: string[]) => {
    notify({ update: "hello", ...hello });
    notify({ update: "rooms", rooms: ["lobby", ...rooms].map((room) => summaryOf(room, 500)) });
    notify({ update: "connection", state: "online" });
  };
  return { ...opened, notify, connects };
}

async function openTwoServers(join: () => Promise<void>) {
  const nearby: Backend["nearby"] = { join };
  const done = () => Promise.resolve();
  const hosting: Backend["hosting"] = { start: done, stop: done, hide: done, quit: done };
  const { app, emit } = await openApp({ nearby, hosting });
  const notify = (server: string, update: Update) => emit({ event: "session", server, update });
  emit({ event: "profile", name: "Alice", device: "d", first_run: false });
  emit({ event: "servers", servers: [known("a"), known("b")] });
  for (const server of ["a", "b"]) {
    notify(server, { update: "hello", ...hello });
    notify(server, { update: "rooms", rooms: [summaryOf("lobby", 1)] });
  }
  app.open("b");
  return { app, emit };
}

afterEach(() => void vi.unstubAllGlobals());

describe("AppState", () => {
  afterEach(() => void vi.useRealTimers());

  it("goes back to where the user was if a chosen room can't be joined", async () => {
    const { app, notify, connects } = await openOffice();
    connects("garden", "kitchen");
    app.open("office", "garden");
    const { server } = app;
    if (!server) throw new Error("no server is open");
    await openOrJoin(app, server, "vault");
    notify({
      update: "refused",
      event: "join",
      room: "vault",
      error: { code: "unknown_room", message: "It is gone." },
    });
    expect(app.toasts.shown.map(({ text }) => text)).toEqual(["It is gone."]);
    connects("garden", "kitchen", "vault");
    expect(app.room?.id, "joined elsewhere later").toBe("garden");
    // A refusal of another room changes nothing.
    app.open("office", "kitchen");
    notify({ update: "refused", event: "join", room: "attic", error: { code: "unknown_room", message: "Gone, too." } });
    expect(app.room?.id).toBe("kitchen");
  });

  it.each([
    ["without a connection, before the command has ended", true],
    ["by the back end", false],
  ])("goes back to where the user was if a chosen room is refused %s", async (_, isReported) => {
    const error = { code: "other" as const, message: "There is no connection." };
    const { app, notify, connects } = await openOffice(new DeviceStorage(), {
      command: (_, { command }) => {
        if (command !== "join") return Promise.resolve();
        if (isReported) notify({ update: "refused", event: "join", room: "vault", error });
        return isReported ? Promise.resolve() : Promise.reject(error);
      },
    });
    connects("garden");
    app.open("office", "garden");
    const { server } = app;
    if (!server) throw new Error("no server is open");
    await openOrJoin(app, server, "vault").catch(() => undefined);
    expect(app.toasts.shown.map(({ text }) => text)).toEqual([error.message]);
    connects("garden", "vault");
    expect(app.room?.id, "joined elsewhere later").toBe("garden");
  });

  it("goes back to the other server if a chosen room can't be joined", async () => {
    const { app, emit } = await openTwoServers(() => Promise.resolve());
    const other = app.servers.find(({ id }) => id === "a");
    if (!other) throw new Error("the server is unknown");
    await openOrJoin(app, other, "vault");
    const error = { code: "unknown_room" as const, message: "It is gone." };
    emit({ event: "session", server: "a", update: { update: "refused", event: "join", room: "vault", error } });
    expect(app.server?.id).toBe("b");
    expect(app.room?.id).toBe("lobby");
  });

  it("keeps the open room open if a nearby server can't be joined", async () => {
    const { app } = await openTwoServers(() => Promise.reject({ code: "other", message: "It is gone." }));
    const room = app.room;
    expect(await joinNearby(app, "c")).toBe(false);
    expect(app.server?.id).toBe("b");
    expect(app.room).toBe(room);
    expect(app.room?.log.isMoving).toBe(true);
    expect(app.toasts.shown.map(({ text }) => text)).toEqual(["It is gone."]);
  });

  it("opens a nearby server that was joined", async () => {
    const { app } = await openTwoServers(() => Promise.resolve());
    expect(await joinNearby(app, "a")).toBe(true);
    expect(app.server?.id).toBe("a");
  });

  it("opens the room that was open last, unless another one is addressed", async () => {
    const device = new DeviceStorage();
    const first = await openOffice(device);
    first.connects("design");
    first.app.open("office", "design");
    const second = await openOffice(device);
    second.app.navigation.restore();
    second.connects("design");
    expect(second.app.room?.id).toBe("design");
    const third = await openOffice(device);
    third.app.navigation.show({ server: null, room: "lunch", seq: null });
    third.connects("design", "lunch");
    expect(third.app.room?.id).toBe("lunch");
    // The room is gone meanwhile.
    const fourth = await openOffice(device);
    fourth.app.navigation.restore();
    fourth.connects();
    expect([fourth.app.room?.id, fourth.app.navigation.missingRoom]).toEqual(["lobby", null]);
  });

  it("opens the hosted server when the user hosts, and not when hosting resumes", async () => {
    const hosting = { server: "b", name: "Alice", addresses: [] };
    const resumed = await openTwoServers(() => Promise.resolve());
    resumed.app.open("a");
    resumed.emit({ event: "hosting", hosting });
    expect(resumed.app.server?.id).toBe("a");
    resumed.emit({ event: "hosting", hosting: null });
    await host(resumed.app);
    resumed.emit({ event: "hosting", hosting });
    expect(resumed.app.server?.id).toBe("b");
  });

  it("opens an address at its message", async () => {
    const { app, connects } = await openOffice();
    app.navigation.show({ server: null, room: "design", seq: 120 });
    expect(app.navigation.place).toBeNull();
    connects("design");
    expect(app.navigation.place).toEqual({ server: null, room: "design", seq: 120 });
    expect(app.room?.log.isMoving).toBe(true);
    app.navigation.show({ server: null, room: "lobby", seq: 9999 });
    expect(app.navigation.place?.room).toBe("lobby");
    expect(app.toasts.shown.map(({ text }) => text)).toEqual(["That message can’t be found."]);
  });

  it("says that an addressed room is unknown, until the user has joined it", async () => {
    const { app, connects, notify } = await openOffice();
    app.navigation.show({ server: null, room: "secret", seq: 3 });
    connects();
    expect([app.room, app.navigation.missingRoom]).toEqual([undefined, "secret"]);
    expect(app.navigation.place).toEqual({ server: null, room: "secret", seq: 3 });
    notify({ update: "rooms", rooms: [summaryOf("lobby", 500), summaryOf("secret", 20)] });
    expect([app.room?.id, app.navigation.missingRoom]).toEqual(["secret", null]);
    notify({ update: "rooms", rooms: [summaryOf("lobby", 500)] });
    expect([app.room?.id, app.navigation.missingRoom]).toEqual(["lobby", null]);
  });

  it("reports an open room that is gone after a reconnect", async () => {
    const { app, connects, notify } = await openOffice();
    connects("design");
    app.open("office", "design");
    notify({ update: "connection", state: "reconnecting", attempts: 1, waiting: 0 });
    connects();
    expect([app.room, app.navigation.missingRoom]).toEqual([undefined, "design"]);
    expect(app.navigation.place?.room).toBe("design");
    app.open("office");
    expect([app.room?.id, app.navigation.missingRoom]).toEqual(["lobby", null]);
  });

  it("takes nobody for absent without a connection", async () => {
    const { app, connects, notify } = await openOffice();
    connects();
    expect(app.server?.presenceOf("ben")).toBe("offline");
    notify({ update: "connection", state: "reconnecting", attempts: 1, waiting: 0 });
    expect(app.server?.presenceOf("ben")).toBeNull();
  });

  it("opens a room that was just created when it arrives", async () => {
    const { app, connects, notify } = await openOffice();
    connects("design");
    app.open("office", "design");
    app.open("office", "new");
    expect(app.room?.id).toBe("design");
    notify({ update: "rooms", rooms: ["lobby", "design", "new"].map((id) => summaryOf(id, 1)) });
    expect(app.room?.id).toBe("new");
  });

  it("knows the user without a connection", async () => {
    const device = new DeviceStorage();
    (await openOffice(device)).connects();
    const { app, notify } = await openOffice(device);
    notify({ update: "rooms", rooms: [summaryOf("a-room", 5), summaryOf("lobby", 5)] });
    expect(app.room?.id).toBe("lobby");
    expect(app.server?.lobby).toBe("lobby");
    app.room?.send("written offline");
    const author = app.room?.pendingMessages[0]?.item.author ?? "";
    expect(author).toBe("alice");
    expect(app.server?.nameOf(author, app.room)).toBe("Alice");
  });

  it("leads to the same place by a link", async () => {
    // The app's page, to which the links to rooms in texts lead.
    vi.stubGlobal("location", new URL("tauri://localhost/#/server/office/room/lobby"));
    const servers: Backend["servers"] = { join: () => Promise.resolve("x"), forget: () => Promise.resolve() };
    const { app, connects } = await openOffice(new DeviceStorage(), { servers });
    connects("design");
    const [server, room] = [app.server, app.server?.room("design")];
    if (!server || !room) throw new Error("the room is not known");
    const link = app.links.toMessage(server, room, 12);
    expect(link).toBe("http://office:4242/#/room/design/12");
    expect(app.links.placeOf(link ?? "")).toEqual({ server: "office", room: "design", seq: 12 });
    const inText = { server: "office", room: "design", seq: null };
    expect(app.links.placeOf(`tauri://localhost/${addressOf(inText)}`)).toEqual(inText);
    for (const other of [
      "http://elsewhere:4242/#/room/design/12",
      "http://office:4242/",
      "http://office:4242/a#/room/b",
      "tauri://localhost/#/server/elsewhere/room/design",
      "tauri://localhost/#/room/design",
    ])
      expect(app.links.placeOf(other), other).toBeNull();
  });

  it("tells two servers at one host apart by their paths", async () => {
    vi.stubGlobal("location", new URL("tauri://localhost/"));
    const servers: Backend["servers"] = { join: () => Promise.resolve("x"), forget: () => Promise.resolve() };
    const { app, emit, connects } = await openOffice(new DeviceStorage(), { servers });
    const at = (id: string, address: string) => ({ ...known(id), addresses: [address] });
    emit({
      event: "servers",
      servers: [at("office", "https://example.com/chat/"), at("other", "https://example.com/other/")],
    });
    connects("design");
    const [server, room] = [app.server, app.server?.room("design")];
    if (!server || !room) throw new Error("the room is not known");
    const link = app.links.toMessage(server, room, 12);
    expect(link).toBe("https://example.com/chat/#/room/design/12");
    expect(app.links.placeOf(link ?? "")).toEqual({ server: "office", room: "design", seq: 12 });
    expect(app.links.placeOf("https://example.com/other#/room/a")).toEqual({ server: "other", room: "a", seq: null });
    expect(app.links.placeOf("https://example.com/#/room/a")).toBeNull();
  });

  it("takes a link to the page's own host for its own only below its path", async () => {
    vi.stubGlobal("location", new URL("https://example.com/chat/index.html"));
    const { app, connects } = await openOffice();
    connects("design");
    const place = { server: null, room: "design", seq: null };
    expect(app.links.placeOf("https://example.com/chat/#/room/design")).toEqual(place);
    expect(app.links.placeOf("https://example.com/chat/index.html#/room/design")).toEqual(place);
    expect(app.links.placeOf("https://example.com/#/room/design")).toBeNull();
    expect(app.links.placeOf("https://example.com/other/#/room/design")).toBeNull();
  });

  it("opens and closes what is over the room by its name", async () => {
    const { app, connects } = await openOffice();
    connects("design");
    const [server, room] = [app.server, app.server?.room("design")];
    if (!server || !room) throw new Error("the room is not known");
    app.panel = "people";
    app.overlay = { kind: "change", server, room };
    let closed = 0;
    const remove = app.popups.add(() => {
      closed++;
      remove();
    });
    const names = app.layers;
    expect(names.length).toBe(3);
    app.setLayers([]);
    expect([app.panel, app.overlay, closed, app.layers]).toEqual([null, null, 1, []]);
    app.setLayers(names);
    expect(app.overlay).toEqual({ kind: "change", server, room });
    expect(app.layers.length).toBe(2);
  });

  it("notifies of nothing when that is switched off", async () => {
    const shown: MessageNotification[] = [];
    const { app, connects, notify } = await openOffice(new DeviceStorage(), {
      notify: (message) => void shown.push(message),
    });
    connects("design");
    app.setFocused(false);
    const log = new RoomLog().fill(500);
    const says = (text: string) =>
      notify({
        update: "entries",
        room: "design",
        head: { epoch: "e", seq: log.head + 1 },
        entries: [log.says("bob", text)],
      });
    app.settings.notifies = false;
    says("one");
    expect(shown).toEqual([]);
    app.settings.notifies = true;
    says("two");
    expect(shown.map(({ text }) => text)).toEqual(["two"]);
  });

  it("shows a name as it was accepted", async () => {
    const setName: Backend["setName"] = () => {
      opened.emit({ event: "profile", name: "Ada Lovelace", device: "d", first_run: false });
      return Promise.resolve();
    };
    const opened = await openOffice(new DeviceStorage(), { setName });
    expect(await opened.app.setName("Ada  Lovelace")).toBe(true);
    expect(opened.app.profile?.name).toBe("Ada Lovelace");
  });

  it("notifies of messages that were missed without a connection", async () => {
    const shown: MessageNotification[] = [];
    const { app, notify } = await openOffice(new DeviceStorage(), { notify: (message) => void shown.push(message) });
    app.setFocused(false);
    const log = new RoomLog().fill(500);
    /** Connects as the session does: the rooms arrive first, then what was missed in "design". */
    const connects = (known: number, read: number) => {
      notify({ update: "hello", ...hello });
      const design = summaryOf("design", log.head, { read, unread: log.head - read });
      notify({ update: "rooms", rooms: [summaryOf("lobby"), design] });
      notify({ update: "connection", state: "online" });
      const head = { epoch: "e", seq: log.head };
      notify({ update: "entries", room: "design", head, entries: log.range(known + 1, log.head) });
    };
    // The copy of the room on this device ends before the messages that were written while the app was closed.
    notify({ update: "rooms", rooms: [summaryOf("lobby"), summaryOf("design", 490)] });
    connects(490, 490);
    expect(shown).toEqual([]);
    notify({ update: "connection", state: "connecting" });
    log.says("bob", "read on the phone");
    log.says("bob", "missed");
    connects(500, 501);
    expect(shown.map(({ text }) => text)).toEqual(["missed"]);
    connects(502, 501);
    expect(shown.length).toBe(1);
  });

  it("connects at once when the user returns, and soon when they write", async () => {
    vi.useFakeTimers();
    const all: string[] = [];
    const hurried: string[] = [];
    const { app, connects, notify } = await openOffice(new DeviceStorage(), {
      reconnect: (server = "all") => void all.push(server),
      hurry: (server) => void hurried.push(server),
    });
    const says = (text: string) => void app.room?.send(text);
    connects();
    says("with a connection");
    expect(hurried).toEqual([]);
    app.setFocused(false);
    app.setFocused(true);
    expect(all).toEqual(["all"]);
    notify({ update: "connection", state: "reconnecting", attempts: 5, waiting: 0 });
    for (const text of ["one", "two", "three"]) says(text);
    expect(hurried, "many messages at once are one attempt").toEqual(["office"]);
    vi.advanceTimersByTime(2_000);
    app.server?.hurry();
    expect(hurried.length).toBe(2);
    vi.advanceTimersByTime(2_000);
    notify({ update: "connection", state: "refused", error: { code: "busy", message: "Full." } });
    app.server?.hurry();
    expect(hurried.length, "a refusal isn't hurried").toBe(2);
    app.server?.reconnect();
    expect(all).toEqual(["all", "office"]);
  });

  it("shows an attempt that the user has asked for as the session reports it", async () => {
    const { app, notify } = await openOffice();
    const lost = { update: "connection", state: "reconnecting", attempts: 1, waiting: 0 } as const;
    const refused = { update: "connection", state: "refused", error: { code: "no_guests", message: "No." } } as const;
    for (const status of [lost, refused]) {
      notify({ ...status, trying: true });
      expect(app.server?.isTrying).toBe(true);
      notify(status);
      expect(app.server?.isTrying).toBe(false);
    }
  });
});
