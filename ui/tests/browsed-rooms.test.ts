/**
 * The list of all rooms:
 * - a room is found by its name, by its topic, and by the mark that tells it from others of its name
 * - of very many rooms only the first are listed, and the others are counted and found by a query
 */
import { expect, it } from "vitest";
import { findRooms, maxListed } from "../src/app/browsed-rooms";
import { summaryOf } from "./fixtures/app";

const named = (id: string, name: string, topic = "") => ({ ...summaryOf(id), name, topic });
const idsOf = (...args: Parameters<typeof findRooms>) => findRooms(...args).listed.map(({ id }) => id);

it("finds a room by its name, its topic and its mark", () => {
  const rooms = [named("a", "Café"), named("b", "Lunch", "At noon"), named("c", "Lunch")];
  const marks = new Map([
    ["b", "1d23"],
    ["c", "9f00"],
  ]);
  const markOf = (id: string) => marks.get(id);
  expect(idsOf(rooms, "", markOf)).toEqual(["a", "b", "c"]);
  expect(idsOf(rooms, " cafe", markOf)).toEqual(["a"]);
  expect(idsOf(rooms, "noon", markOf)).toEqual(["b"]);
  expect(idsOf(rooms, "lunch 9F", markOf)).toEqual(["c"]);
  expect(idsOf(rooms, "dinner", markOf)).toEqual([]);
});

it("lists only the first of very many rooms, and finds the others", () => {
  const rooms = Array.from({ length: maxListed + 300 }, (_, i) => named(`${i}`, "Lobby"));
  const markOf = (id: string) => id.padStart(5, "0");
  expect(findRooms(rooms, "lob", markOf)).toEqual({ listed: rooms.slice(0, maxListed), unlisted: 300 });
  expect(idsOf(rooms, "lobby 00450", markOf)).toEqual(["450"]);
});
