/**
 * The marks of rooms, by which those with confusable names are told apart:
 * - only rooms whose names are the same or look alike have one, also those that are only listed
 * - a mark is longer if addresses end alike
 * - a mark goes when the other room gets another name
 */
import { beforeAll, expect, it } from "vitest";
import type { RoomId, RoomSummary } from "../src/backend/protocol";
import type { Update } from "../src/backend/session-types";
import { loadLookalikes } from "../src/shared/lookalike-table.svelte";
import { hello, openApp, summaryOf } from "./fixtures/app";

beforeAll(loadLookalikes);

const id = (end: string): RoomId => `0199a0b0-0000-7000-8000-${end.padStart(12, "0")}`;

/** Opens an app whose user is in rooms: each has the end of an id, and a name. */
async function openRooms(rooms: Record<string, string>) {
  const { app, emit } = await openApp();
  const notify = (update: Update) => emit({ event: "session", server: "office", update });
  emit({ event: "servers", servers: [{ id: "office", name: "Office", addresses: [], own: false }] });
  notify({ update: "hello", ...hello });
  notify({ update: "rooms", rooms: summaries(rooms) });
  const [server] = app.servers;
  if (!server) throw new Error("the app knows the server");
  const marks = () => server.rooms.map(({ id, name }) => [name, server.roomNames.markOf(id)]);
  return { server, notify, marks };
}

const summaries = (rooms: Record<string, string>): RoomSummary[] =>
  Object.entries(rooms).map(([end, name]) => summaryOf(id(end), 0, { name }));

it("marks only rooms whose names are the same or look alike", async () => {
  const { marks } = await openRooms({
    a111: "Kitchen",
    b222: "Kitсhen",
    c333: "KITCHEN",
    d444: "Lunch",
    e555: "Admin",
  });
  expect(marks()).toEqual([
    ["Admin", undefined],
    ["Kitchen", "a111"],
    ["KITCHEN", "c333"],
    ["Kitсhen", "b222"],
    ["Lunch", undefined],
  ]);
});

it("compares with rooms that are only listed, too", async () => {
  const { marks, server, notify } = await openRooms({ a111: "Kitchen" });
  expect(marks()).toEqual([["Kitchen", undefined]]);
  const listed = { a111: "Kitchen", b222: "kitchen" };
  notify({ update: "directory", rooms: summaries(listed) });
  expect(marks()).toEqual([["Kitchen", "a111"]]);
  expect(server.roomNames.markOf(id("b222"))).toBe("b222");
});

it("has more of an address if two end alike", async () => {
  const { marks } = await openRooms({ a11111: "Kitchen", b11111: "Kitchen" });
  expect(marks()).toEqual([
    ["Kitchen", "a11111"],
    ["Kitchen", "b11111"],
  ]);
});

it("goes when the other room gets another name", async () => {
  const { marks, notify } = await openRooms({ a111: "Kitchen", b222: "Kitchen" });
  notify({ update: "rooms", rooms: summaries({ a111: "Kitchen", b222: "Lunch" }) });
  expect(marks()).toEqual([
    ["Kitchen", undefined],
    ["Lunch", undefined],
  ]);
});
