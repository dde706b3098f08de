/** The conditions that always hold, after any steps. */

import { strict as assert } from "node:assert";
import { difference } from "./room-logs.mjs";

/** Checks what holds after every step. */
export async function checkAfterStep(walk) {
  const { view } = walk;
  const health = await view.settled("health");
  assert.deepEqual(await view.tab.problems, [], "the page reported errors");
  if (!health.hasFocus) await walk.waits("something has the focus", async () => (await view.query("health")).hasFocus);
  assert.ok(health.overflow <= 0, `the page is ${health.overflow} px wider than the window`);
  // Without a connection there is nothing to load from.
  if (health.isLoading && walk.isConnected)
    await walk.waits("nothing is loading", async () => !(await view.query("isLoading")));
}

/** Checks that the page shows what the log has. */
export async function checkInStep(walk) {
  if (!walk.isConnected) return;
  await waitsWithReason(walk, "the page shows what the log has", async () => {
    const reading = await walk.view.query("reading", true);
    const room = await walk.roomCalled(reading.room);
    if (!room) return `no room of the server is open, but ${reading.room}`;
    return difference(reading.rows, await walk.logs.messages(room.id), true);
  });
}

/** Checks that the newest message is in sight and the timeline at its end. */
export async function checkPresent(walk) {
  await waitsWithReason(walk, "the present is reached", async () => {
    const { room: name, below, rows } = await walk.view.query("reading");
    const room = await walk.roomCalled(name);
    if (!room) return "no room is open";
    const newest = (await walk.logs.messages(room.id)).at(-1);
    const row = rows.find(({ id }) => id === newest?.id);
    if (below < 4 && (newest === undefined || row?.isInSight)) return undefined;
    return `${below} px are below, the newest message is ${row ? (row.isInSight ? "in sight" : "out of sight") : "not loaded"}`;
  });
}

/** Waits for a condition. A failure gives the last reason why it wasn't met. */
async function waitsWithReason(walk, condition, findReason) {
  let reason;
  const poll = async () => {
    reason = await findReason();
    return reason === undefined;
  };
  await walk.waits(condition, poll).catch((error) => {
    throw new Error(`${error.message}: ${reason}`, { cause: error });
  });
}
