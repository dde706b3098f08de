/**
 * The comparison of the screen with the log in a random walk (`walk/room-logs.mjs`), and its random numbers:
 * - rows that are a part of the log without a gap are right, also with messages that are still being sent after them
 * - a missing row, two swapped rows, a row from elsewhere, another text, other reactions and a shown deleted text are differences
 * - while the page is not in step, texts may be old, but not the order
 * - edits, reactions and deletions count; a wiped entry is a message only if a deletion names it
 * - a seed gives the same numbers again, and each step has its own
 * - every step has a frequency
 */

import { strict as assert } from "node:assert";
import { test } from "node:test";
import { Random } from "./walk/random.mjs";
import { RoomLogs, difference } from "./walk/room-logs.mjs";
import { steps, weights } from "./walk/steps.mjs";

const bodies = {
  1: { kind: "created", name: "Lobby" },
  2: { kind: "message", text: "one" },
  3: { kind: "message", text: "two" },
  4: { kind: "react", to: "id-3", emoji: "❤️", on: true },
  5: { kind: "message", text: "three" },
  6: { kind: "wiped" },
  7: { kind: "delete", of: "id-6" },
  8: { kind: "wiped" },
  9: { kind: "edit", of: "id-5", text: "three, mended" },
  10: { kind: "message", text: "four" },
};
const entries = Object.entries(bodies).map(([seq, body]) => ({
  seq: Number(seq),
  id: `id-${seq}`,
  author: "ben",
  body,
}));

/** A server with that log, in pages of three. */
const reader = {
  reads: async (_room, { after }) => ({ entries: entries.filter(({ seq }) => seq > after).slice(0, 3) }),
};

const row = (seq, text, reactions = []) => ({ id: `id-${seq}`, text: `Ben 09:13 ${text}`, reactions });
const right = [row(2, "one"), row(3, "two", ["❤ 1"]), row(5, "three, mended (edited)"), row(6, "Message deleted")];
const messages = () => new RoomLogs(reader).messages("room");

test("a part of the log is right", async () => {
  assert.equal(difference(right, await messages(), true), undefined);
  assert.equal(difference(right.slice(1), await messages(), true), undefined);
  assert.equal(difference([...right, row(10, "four"), row(99, "new")], await messages(), false), undefined);
});

test("differences are found", async () => {
  const [one, two, three, deleted] = right;
  const wrong = {
    "a missing row": [one, three, deleted],
    "swapped rows": [two, one, three, deleted],
    "a row from elsewhere": [one, row(98, "?"), two],
    "a row that is still being sent": [...right, row(99, "new")],
    "another text": [one, two, row(5, "three")],
    "no reaction": [one, row(3, "two")],
    "another reaction": [one, row(3, "two", ["❤️ 1", "👍 1"])],
    "a deleted text": [three, row(6, "secret")],
  };
  for (const [name, rows] of Object.entries(wrong)) {
    assert.notEqual(difference(rows, await messages(), true), undefined, name);
  }
});

test("while the page is not in step, only the order counts", async () => {
  const [one, two, , deleted] = right;
  assert.equal(difference([one, row(3, "two"), row(5, "three")], await messages(), false), undefined);
  assert.notEqual(difference([two, one], await messages(), false), undefined);
  assert.notEqual(difference([one, deleted], await messages(), false), undefined);
});

test("a seed gives the same numbers again", () => {
  const numbers = (seed, step) => {
    const random = new Random(seed, step);
    return Array.from({ length: 20 }, () => random.between(1, 1000));
  };
  assert.deepEqual(numbers(7, 3), numbers(7, 3));
  assert.notDeepEqual(numbers(7, 3), numbers(7, 4));
  assert.notDeepEqual(numbers(7, 3), numbers(8, 3));
  const random = new Random(1);
  for (let n = 0; n < 1000; n++) assert.ok(random.weighted({ often: 9, seldom: 1 }) && random.between(1, 3) <= 3);
});

test("every step has a frequency", () => {
  assert.deepEqual(Object.keys(weights).sort(), Object.keys(steps).sort());
});
