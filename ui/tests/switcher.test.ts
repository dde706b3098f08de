/**
 * The quick switcher:
 * - shows rooms at first, those with something unread before the others
 * - `#` finds rooms only and `@` people only; a word finds both, rooms first
 * - finds everybody that is known but oneself: first who is called so from the first letter, then who is here
 * - fingerprints people whose names look the same
 * - a person is shown in the open room if they are there, else where they are, else in the lobby
 */
import { describe, expect, it } from "vitest";
import type { AppState } from "../src/app/app-state.svelte";
import { findSwitcherItems } from "../src/app/switcher-items";
import type { Availability, RoomSummary } from "../src/backend/protocol";
import type { Update } from "../src/backend/session-types";
import { openApp } from "./fixtures/app";

const room = (id: string, name: string, unread = 0): RoomSummary => ({
  id,
  name,
  topic: "",
  members: 1,
  head: { epoch: "e", seq: 0 },
  joined: true,
  read: 0,
  unread,
});

/** Alice's office: she is in three rooms, and has opened *Lunch*, where Zoë was. */
async function office() {
  const { app, tell } = await openApp();
  const up = (update: Update) => tell({ event: "session", server: "office", update });
  const person = (id: string, name: string, availability: Availability = "online") => ({ id, name, availability });
  tell({ event: "profile", name: "Alice", device: "d", first_run: false });
  tell({ event: "servers", servers: [{ id: "office", name: "Office", addresses: [], own: false }] });
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
  up({ update: "rooms", rooms: [room("lobby", "Lobby"), room("lunch", "Lunch"), room("bikes", "Bob’s bikes", 3)] });
  up({
    update: "presence",
    people: [person("alice", "Alice"), person("BoBb56", "Bob"), person("x9Yz34", "BOB", "away"), person("kb", "Jacob")],
  });
  up({
    update: "members",
    room: "lunch",
    members: [
      { id: "alice", name: "Alice" },
      { id: "zoe", name: "Zoë" },
      { id: "gone", name: "Bogdan", left: true },
    ],
  });
  return app;
}

const names = (app: AppState, wanted: string) =>
  findSwitcherItems(wanted, app.servers).map((place) =>
    place.kind === "room" ? `#${place.room.name}` : place.person.name,
  );

describe("the quick switcher", () => {
  it("shows rooms at first, unread ones before the others", async () => {
    expect(names(await office(), " ")).toEqual(["#Bob’s bikes", "#Lobby", "#Lunch"]);
  });

  it("tells rooms and people apart by their signs", async () => {
    const app = await office();
    expect(names(app, "bob")).toEqual(["#Bob’s bikes", "Bob", "BOB"]);
    expect(names(app, "#bob")).toEqual(["#Bob’s bikes"]);
    expect(names(app, "@ bob")).toEqual(["Bob", "BOB"]);
  });

  it("finds everybody but oneself", async () => {
    const app = await office();
    expect(names(app, "@").sort()).toEqual(["BOB", "Bob", "Jacob", "Zoë"]);
    expect(names(app, "@o")).toEqual(["Bob", "BOB", "Jacob", "Zoë"]);
    expect(names(app, "@z")).toEqual(["Zoë"]);
    expect(names(app, "@nobody")).toEqual([]);
  });

  it("fingerprints people whose names look the same", async () => {
    const fingerprints = findSwitcherItems("@", (await office()).servers).map(
      (place) => place.kind === "person" && place.fingerprint,
    );
    expect(fingerprints.filter(Boolean).sort()).toEqual(["BoBb", "x9Yz"]);
  });

  it("shows a person where they are", async () => {
    const app = await office();
    const [server] = app.servers;
    if (!server) throw new Error("the office is known");
    app.open("office", "bikes");
    app.showPerson(server, "zoe");
    expect([app.room?.name, app.panel, app.highlightedMember]).toEqual(["Lunch", "people", "zoe"]);
    app.showPerson(server, "kb");
    expect([app.room?.name, app.highlightedMember]).toEqual(["Lobby", "kb"]);
    app.open("office", "lunch");
    expect(app.highlightedMember).toBeNull();
    app.showPerson(server, "zoe");
    expect(app.room?.name).toBe("Lunch");
  });
});
