/**
 * Mentions that tell nobody:
 * - those who are known elsewhere on the server, or have left, aren't told; members are
 * - a name that a member has, too, means the member
 * - before the members are known, nobody counts as absent
 * - the words for everybody tell nobody, unless it is a name
 * - only what was there at the last pause in typing is named
 */
import { expect, it } from "vitest";
import { SilentMentionFinder, silentInBoth } from "../src/chat/silent-mentions";
import { hello, openApp, summaryOf } from "./fixtures/app";

/** Alice is in *Lunch* with Bob. Cleo and another Bob are elsewhere, and Dan has left. */
async function openLunch() {
  const { app, emit } = await openApp();
  emit({ event: "profile", name: "Alice", device: "d", first_run: false });
  emit({ event: "servers", servers: [{ id: "office", name: "Office", addresses: [], own: false }] });
  const person = (id: string, name: string) => ({ id, name, availability: "online" as const });
  for (const update of [
    { update: "hello" as const, ...hello },
    { update: "rooms" as const, rooms: [summaryOf("lobby"), summaryOf("lunch")] },
    { update: "presence" as const, people: [person("alice", "Alice"), person("cleo", "Cleo"), person("bob2", "Bob")] },
  ])
    emit({ event: "session", server: "office", update });
  const [server, room] = [app.server, app.server?.room("lunch")];
  if (!server || !room) throw new Error("the room is known");
  const members = [
    { id: "alice", name: "Alice" },
    { id: "bob", name: "Bob" },
    { id: "dan", name: "Dan", left: true },
    { id: "team", name: "Team Lead" },
    { id: "room", name: "Room" },
  ];
  const seesMembers = () => server.apply({ update: "members", room: "lunch", members });
  const find = (text: string) => new SilentMentionFinder(server, room).in(text);
  return { seesMembers, find, absentIn: (text: string) => find(text).people };
}

it("names those who aren't told", async () => {
  const { seesMembers, absentIn } = await openLunch();
  expect(absentIn("@Cleo: lunch?")).toEqual([]);
  seesMembers();
  expect(absentIn("@Cleo: lunch?")).toEqual(["Cleo"]);
  expect(absentIn("@Bob, @cleo, @Dan and @Cleo: lunch?")).toEqual(["Cleo", "Dan"]);
  expect(absentIn("@Bob, @Alice: lunch? `@Cleo` cleo@Cleo @Cleopatra")).toEqual([]);
});

it("names the words for everybody", async () => {
  const { seesMembers, find } = await openLunch();
  seesMembers();
  expect(find("@everyone, @Here: lunch? `@all` @allison").groups).toEqual(["everyone", "here"]);
  expect(find("everyone here").groups).toEqual([]);
});

it("takes a word for everybody for the member of that name", async () => {
  const { seesMembers, find } = await openLunch();
  seesMembers();
  expect(find("@room, @Team Lead: lunch?")).toEqual({ people: [], groups: [] });
  expect(find("@Team Lead, @team: lunch?").groups).toEqual(["team"]);
});

it("names what stays while one types on", async () => {
  const { seesMembers, find } = await openLunch();
  seesMembers();
  const both = (settled: string, text: string) => silentInBoth(find(text), find(settled));
  expect(both("@Cleo and", "@Cleo and @here")).toEqual({ people: ["Cleo"], groups: [] });
  expect(both("@Cleo and @here", "@Cleo and @heredity")).toEqual({ people: ["Cleo"], groups: [] });
  expect(both("@here", "@here, lunch?")).toEqual({ people: [], groups: ["here"] });
});
