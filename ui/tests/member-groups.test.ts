/**
 * The list of people:
 * - members are listed by presence, and by name; without a connection they are one group
 * - a text that was looked for filters the list only where not all members are known, which is where it has a field for that
 */
import { expect, it } from "vitest";
import { groupMembers } from "../src/app/member-groups";
import { hello, openApp, summaryOf } from "./fixtures/app";

async function openLunch() {
  const { app, emit } = await openApp();
  emit({ event: "servers", servers: [{ id: "office", name: "Office", addresses: [], own: false }] });
  const { server } = app;
  if (!server) throw new Error("the server is known");
  server.apply({ update: "hello", ...hello });
  server.apply({ update: "rooms", rooms: [summaryOf("lobby"), summaryOf("lunch")] });
  const room = server.room("lunch");
  if (!room) throw new Error("the room is known");
  const seesMembers = (partial: boolean) =>
    server.apply({
      update: "members",
      room: "lunch",
      members: [
        { id: "zoe", name: "Zoë" },
        { id: "bob", name: "Bob" },
        { id: "dan", name: "Dan", left: true },
        { id: "ada", name: "Ada" },
      ],
      ...(partial && { partial }),
    });
  const listed = (query = "") =>
    groupMembers(server, room, query).map(({ presence, members }) => [presence, ...members.map(({ name }) => name)]);
  return { server, seesMembers, listed };
}

it("lists members by presence and name", async () => {
  const { server, seesMembers, listed } = await openLunch();
  seesMembers(false);
  expect(listed()).toEqual([[null, "Ada", "Bob", "Zoë"]]);
  server.apply({ update: "connection", state: "online" });
  server.apply({ update: "presence", people: [{ id: "zoe", name: "Zoë", availability: "away" }] });
  expect(listed()).toEqual([
    ["away", "Zoë"],
    ["offline", "Ada", "Bob"],
  ]);
});

it("lists all members where all are known, whatever was looked for before", async () => {
  const { seesMembers, listed } = await openLunch();
  seesMembers(true);
  expect(listed(" zoe")).toEqual([[null, "Zoë"]]);
  seesMembers(false);
  expect(listed(" zoe")).toEqual([[null, "Ada", "Bob", "Zoë"]]);
});
