/** Steps of somebody who reads: scrolling and jumping. */

import { strict as assert } from "node:assert";
import * as t from "../../targets.mjs";
import { checkPresent } from "../invariants.mjs";
import { isAtEnd, tolerance } from "./anchor.mjs";

export async function scroll(walk, random) {
  await walk.clears();
  const distance = random.between(20, 1500) * (random.chance(0.65) ? -1 : 1);
  return scrolls(walk, distance);
}

export async function scrollFar(walk, random) {
  await walk.clears();
  const direction = random.chance(0.7) ? -1 : 1;
  const times = random.between(3, 8);
  for (let time = 0; time < times; time++) await scrolls(walk, direction * random.between(800, 3000));
  return `${times} times ${direction < 0 ? "up" : "down"}`;
}

export async function jumpToPresent(walk, random) {
  await walk.clears();
  if (!walk.isConnected) return "offline";
  const byKey = random.chance(0.4);
  if (byKey) {
    await walk.presses(t.composerOf());
    // The first may leave a reply or an edit.
    await walk.strikes("Escape", "Escape", "Escape");
  } else if (!(await walk.presses(t.button(/^Jump to present/)))) {
    return "no button";
  }
  await checkPresent(walk);
  return byKey ? "by Esc" : "by the button";
}

export async function jumpToUnread(walk) {
  await walk.clears();
  return (await walk.presses(t.button(/^[\d,]+ new/))) ? undefined : "no button";
}

export async function jumpToDate(walk) {
  await walk.clears();
  if (!walk.isConnected || !(await walk.presses(t.button(/: jump to a date$/, t.timelineOf())))) return "no day";
  const go = t.button("Go", t.dialogOf("Jump to a date"));
  await walk.waits("the dialog is open", () => walk.view.shows(go));
  await walk.presses(go);
  await walk.waits("the dialog is closed", async () => !(await walk.view.shows(go)));
  await arrives(walk);
  return undefined;
}

export async function followQuote(walk, random) {
  await walk.clears();
  const quotes = t.button(/^In reply to /, t.timelineOf());
  const count = await walk.view.query("count", quotes);
  if (count === 0) return "no quote";
  const hasPressed = await walk.presses({ ...quotes, nth: random.between(0, count - 1) });
  if (hasPressed && walk.isConnected) await arrives(walk);
  return undefined;
}

/**
 * Waits until a jump has ended at a row, which then has the focus. A message that isn't loaded may not be found while there is
 * no connection.
 */
async function arrives(walk) {
  const notFound = { text: "That message can’t be found." };
  await walk.waits("the jump has ended", async () => {
    return (await walk.view.query("isOnRow")) || (await walk.view.shows(notFound));
  });
}

/** Scrolls by the wheel. The messages in sight move by as much, and not more, also if older ones are loaded meanwhile. */
async function scrolls(walk, distance) {
  const before = await walk.view.query("reading");
  if (!before.point) return "covered";
  await walk.view.tab.wheel(before.point, distance);
  if (distance < 0 ? before.above > 0 : before.below > 0) await walk.view.query("scrolls", before.above);
  const after = await walk.view.settled("reading");
  // At the end, new messages move everything.
  if (!isAtEnd(before)) movedAtMost(before.rows, after.rows, distance);
  return `${distance} px`;
}

function movedAtMost(before, after, distance) {
  const places = new Map(after.map((row) => [row.id, row]));
  const [low, high] = [Math.min(0, -distance) - tolerance, Math.max(0, -distance) + tolerance];
  for (const row of before) {
    const now = places.get(row.id);
    if (!row.isInSight || !now) continue;
    const moved = now.bottom - row.bottom;
    assert.ok(moved >= low && moved <= high, `the row ${row.id} moved by ${moved} px instead of ${-distance} px`);
  }
}
