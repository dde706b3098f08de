/**
 * The quick switcher:
 * - lists rooms at first, unread ones before the others
 * - finds rooms that the user isn't in, after all others, once something is typed
 * - `#` restricts the results to rooms and `@` to people; a plain word finds both, rooms first
 * - finds all known people except the user; names that start with the query come first, then people who are online
 * - finds a name without its accents, and regardless of the browser's language
 * - sorts people regardless of case, and numbers by their value
 * - distinguishes people with confusable names
 * - a person is written to in the open room if they are in it, otherwise in another of their rooms, otherwise in the lobby;
 *   where their name would mean somebody else, or a draft is there, they are shown in the list of people
 * - a person is shown in the open room if they are in it, otherwise in another of their rooms, otherwise in the lobby
 */
import { afterEach, describe, expect, it, vi } from "vitest";
import type { AppState } from "../src/state/app-state.svelte";
import { openRoomWith, showPerson } from "../src/state/people";
import { findSwitcherItems } from "../src/app/switcher-items";
import type { Availability, Person } from "../src/backend/protocol";
import type { Update } from "../src/backend/session-types";
import { hello, openApp, summaryOf } from "./fixtures/app";

/** Alice is in three rooms. Zoë, who is offline, is known from the member list of *Lunch*. */
async function office() {
  const { app, emit } = await openApp();
  const notify = (update: Update) => emit({ event: "session", server: "office", update });
  const person = (id: string, name: string, availability: Availability = "online") => ({ id, name, availability });
  emit({ event: "profile", name: "Alice", device: "d", first_run: false });
  emit({ event: "servers", servers: [{ id: "office", name: "Office", addresses: [], own: false }] });
  notify({ update: "hello", ...hello });
  notify({
    update: "rooms",
    rooms: [
      summaryOf("lobby", 0, { name: "Lobby" }),
      summaryOf("lunch", 0, { name: "Lunch" }),
      summaryOf("bikes", 0, { name: "Bob’s bikes", unread: 3 }),
    ],
  });
  notify({
    update: "presence",
    people: [person("alice", "Alice"), person("BoBb56", "Bob"), person("x9Yz34", "BOB", "away"), person("kb", "Jacob")],
  });
  notify({
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
  findSwitcherItems(wanted, app.servers).map((item) =>
    item.kind === "person" ? item.person.name : `#${item.room.name}`,
  );

describe("the quick switcher", () => {
  afterEach(() => vi.restoreAllMocks());

  it("lists rooms at first, unread ones before the others", async () => {
    expect(names(await office(), " ")).toEqual(["#Bob’s bikes", "#Lobby", "#Lunch"]);
  });

  it("finds rooms that the user isn't in, after all others", async () => {
    const app = await office();
    const listed = (id: string, name: string) => summaryOf(id, 0, { name, joined: false });
    app.server?.apply({
      update: "directory",
      rooms: [summaryOf("lobby", 0, { name: "Lobby" }), listed("lab", "Robotics lab"), listed("b", "bobsled")],
    });
    expect(names(app, "")).toEqual(["#Bob’s bikes", "#Lobby", "#Lunch"]);
    expect(names(app, "bob")).toEqual(["#Bob’s bikes", "Bob", "BOB", "#bobsled"]);
    expect(names(app, "#ob")).toEqual(["#Bob’s bikes", "#Lobby", "#bobsled", "#Robotics lab"]);
    expect(names(app, "@ob")).not.toContain("#bobsled");
  });

  it("restricts results by prefix", async () => {
    const app = await office();
    expect(names(app, "bob")).toEqual(["#Bob’s bikes", "Bob", "BOB"]);
    expect(names(app, "#bob")).toEqual(["#Bob’s bikes"]);
    expect(names(app, "@ bob")).toEqual(["Bob", "BOB"]);
  });

  it("finds all people except the user", async () => {
    const app = await office();
    expect(names(app, "@").sort()).toEqual(["BOB", "Bob", "Jacob", "Zoë"]);
    expect(names(app, "@o")).toEqual(["Bob", "BOB", "Jacob", "Zoë"]);
    expect(names(app, "@z")).toEqual(["Zoë"]);
    expect(names(app, "@nobody")).toEqual([]);
  });

  it("sorts people as rooms are sorted: numbers by their value", async () => {
    const app = await office();
    const people = ["Player 10", "player 2", "Player 1"].map((name): Person => ({
      id: name,
      name,
      availability: "online",
    }));
    app.server?.apply({ update: "presence", people });
    expect(names(app, "@player")).toEqual(["Player 1", "player 2", "Player 10"]);
  });

  it("finds a name without its accents, and regardless of the browser's language", async () => {
    const app = await office();
    // In Turkish, I is not the capital of i.
    vi.spyOn(String.prototype, "toLocaleLowerCase").mockImplementation(function (this: string) {
      return this.replaceAll("I", "ı").toLowerCase();
    });
    expect([names(app, "zoe"), names(app, "#BIKES")]).toEqual([["Zoë"], ["#Bob’s bikes"]]);
  });

  it("distinguishes people with confusable names", async () => {
    const fingerprints = findSwitcherItems("@", (await office()).servers).map(
      (item) => item.kind === "person" && item.mark?.fingerprint,
    );
    expect(fingerprints.filter(Boolean).sort()).toEqual(["BoBb", "x9Yz"]);
  });

  it("begins a message to a person in a room that they are in", async () => {
    const app = await office();
    const [server] = app.servers;
    if (!server) throw new Error("no server");
    const chooses = (query: string) => {
      const [item] = findSwitcherItems(query, app.servers);
      if (item?.kind !== "person") throw new Error(`${query} finds nobody`);
      return openRoomWith(app, server, item.person);
    };
    app.open("office", "bikes");
    expect([chooses("@zoë"), app.room?.name, app.panel]).toEqual(["@Zoë", "Lunch", null]);
    expect([chooses("@jac"), app.room?.name]).toEqual(["@Jacob", "Lobby"]);
    app.drafts.of("office", "lunch").set({ text: "for lunch" });
    expect([chooses("@zoë"), app.room?.name, app.panel]).toEqual([null, "Lunch", "people"]);
    server.apply({
      update: "members",
      room: "lobby",
      members: [
        { id: "BoBb56", name: "Bob", since: 1 },
        { id: "x9Yz34", name: "BOB", since: 2 },
      ],
    });
    const second = server.people.find(({ id }) => id === "x9Yz34");
    if (!second) throw new Error("the second Bob is not known");
    expect(openRoomWith(app, server, { ...second, name: "Bob" })).toBeNull();
    expect([app.panel, app.highlightedMember]).toEqual(["people", "x9Yz34"]);
  });

  it("shows a person in a room that they are in", async () => {
    const app = await office();
    const [server] = app.servers;
    if (!server) throw new Error("no server");
    app.open("office", "bikes");
    showPerson(app, server, "zoe");
    expect([app.room?.name, app.panel, app.highlightedMember]).toEqual(["Lunch", "people", "zoe"]);
    showPerson(app, server, "kb");
    expect([app.room?.name, app.highlightedMember]).toEqual(["Lobby", "kb"]);
    app.open("office", "lunch");
    expect(app.highlightedMember).toBeNull();
    showPerson(app, server, "zoe");
    expect(app.room?.name).toBe("Lunch");
  });
});
