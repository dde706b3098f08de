/** The place of what is being read. */

import { strict as assert } from "node:assert";

/** The distance by which a row may move that should stay in place, in pixels. */
export const tolerance = 3;

/** The distance from the end at which the timeline follows what comes in, in pixels. */
const followTolerance = 40;

/** Returns whether somebody reads at the end, or so near that the timeline follows what comes in. */
export const isAtEnd = ({ below }) => below <= followTolerance;

/** Checks that the first message that was in sight stays where it was. */
export async function staysInPlace(walk, before) {
  const first = before.find((row) => row.isInSight);
  const { rows } = await walk.view.settled("reading");
  const now = rows.find(({ id }) => id === first?.id);
  if (!first || !now) return;
  // The lower edge, because a row may lose its header when older rows are added above it.
  const moved = now.bottom - first.bottom;
  assert.ok(Math.abs(moved) <= tolerance, `the row ${first.id} moved by ${moved} px`);
}
