/**
 * The ways to a person:
 * - somebody who is in the open room is shown there, others where they are, and those who aren't known anywhere in the lobby
 * - where not all members of the open room are known, everybody is shown there
 */
import { expect, it } from "vitest";
import { showPerson } from "../src/state/people";
import { hello, openApp, summaryOf } from "./fixtures/app";

/** Alice is in *Lunch*, where Bob is known, and in *Garden* with Cleo. */
async function openLunch(parts: { partial: boolean }) {
  const { app, emit } = await openApp();
  emit({ event: "profile", name: "Alice", device: "d", first_run: false });
  emit({ event: "servers", servers: [{ id: "office", name: "Office", addresses: [], own: false }] });
  const { server } = app;
  if (!server) throw new Error("the server is known");
  for (const update of [
    { update: "hello" as const, ...hello },
    { update: "rooms" as const, rooms: ["lobby", "garden", "lunch"].map((room) => summaryOf(room)) },
    { update: "members" as const, room: "garden", members: [{ id: "cleo", name: "Cleo" }] },
    { update: "members" as const, room: "lunch", members: [{ id: "bob", name: "Bob" }], ...parts },
  ])
    emit({ event: "session", server: "office", update });
  const shows = (member: string) => {
    app.open("office", "lunch");
    showPerson(app, server, member);
    return [app.room?.id, app.panel, app.highlightedMember];
  };
  return { shows };
}

it("shows a person in the open room, or else in another one that they are in", async () => {
  const { shows } = await openLunch({ partial: false });
  expect(shows("bob")).toEqual(["lunch", "people", "bob"]);
  expect(shows("cleo")).toEqual(["garden", "people", "cleo"]);
  expect(shows("dan")).toEqual(["lobby", "people", "dan"]);
});

it("shows everybody in the open room where not all of its members are known", async () => {
  const { shows } = await openLunch({ partial: true });
  expect(shows("bob")).toEqual(["lunch", "people", "bob"]);
  expect(shows("cleo")).toEqual(["lunch", "people", "cleo"]);
  expect(shows("dan")).toEqual(["lunch", "people", "dan"]);
});
