/**
 * The list of nearby servers:
 * - a new server is added at the end, whatever its name
 * - a server that goes keeps its row while the pointer is among the rows, and loses it when the pointer has left
 * - a server that comes back in time has its old row
 */
import { expect, test } from "vitest";
import { NearbyRows } from "../src/start/nearby-rows";

const server = (id: string) => ({ id, name: id, people: 1, addresses: [], compatible: true, own: false });
const list = (rows: ReturnType<NearbyRows["update"]>) =>
  rows.map(({ server: { id }, gone }) => (gone ? `(${id})` : id));

test("a new server is added at the end", () => {
  const rows = new NearbyRows();
  rows.update([server("Office")], false);
  expect(list(rows.update([server("Attic"), server("Office")], false))).toEqual(["Office", "Attic"]);
});

test("no row moves under the pointer", () => {
  const rows = new NearbyRows();
  rows.update(["a", "b", "c"].map(server), true);
  expect(list(rows.update(["b", "c"].map(server), true))).toEqual(["(a)", "b", "c"]);
  expect(list(rows.update(["a", "b", "c"].map(server), true))).toEqual(["a", "b", "c"]);
  rows.update(["b", "c"].map(server), true);
  expect(list(rows.update(["b", "c"].map(server), false))).toEqual(["b", "c"]);
});
