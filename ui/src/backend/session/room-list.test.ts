/**
 * The list of rooms:
 * - changes of rooms that follow each other are reported by one list, which has all of them
 * - what else happens is reported after the list, which the interface needs to take it
 */
import { expect, test } from "vitest";
import { hello } from "../../../tests/fixtures/app";
import type { RoomSummary } from "../protocol";
import type { Effect } from "../session-types";
import { Session } from "./index";

const summaryOf = (n: number): RoomSummary => ({
  id: `0199a0b0-0000-7000-8000-${String(n).padStart(12, "0")}`,
  name: `Room ${n}`,
  topic: "",
  members: 1,
  head: { epoch: "e", seq: 0 },
  joined: true,
  read: 0,
  unread: 0,
});

const listsIn = (effects: readonly Effect[]) =>
  effects.flatMap((effect) => (effect.effect === "notify" && effect.update === "rooms" ? [effect.rooms.length] : []));

function openSession(): Session {
  const session = new Session();
  session.step(0, { input: "start", rooms: [], outbox: [] });
  session.step(0, { input: "opened" });
  session.step(0, { input: "event", event: "hello", data: hello });
  return session;
}

test("changes of rooms that follow each other are reported by one list", () => {
  const session = openSession();
  const lists: number[] = [];
  for (let n = 1; n <= 1_000; n++)
    lists.push(...listsIn(session.step(0, { input: "event", event: "room", data: summaryOf(n) }, n % 250 > 0)));
  expect(lists).toEqual([250, 500, 750, 1_000]);
});

test("a room is listed before its entries are reported", () => {
  const session = openSession();
  session.step(0, { input: "event", event: "room", data: summaryOf(1) }, true);
  const { id: room, head } = summaryOf(1);
  const effects = session.step(0, { input: "event", event: "page", data: { room, head, entries: [] } });
  const updates = effects.flatMap((effect) => (effect.effect === "notify" ? [effect.update] : []));
  expect(updates).toEqual(["rooms", "entries"]);
});
