/** The conditions that always hold, after any steps. */

import { strict as assert } from "node:assert";
import { saveScreenshot } from "../screenshots.mjs";
import { difference } from "./room-logs.mjs";

/** Checks what holds after every step. */
export async function checkAfterStep(walk) {
  const { view } = walk;
  await view.query("draws");
  assert.deepEqual(await view.tab.problems, [], "the page reported errors");
  const focused = (await view.query("focus")).description;
  await walk
    .waits("something has the focus", async () => !(await view.query("focus")).isBody)
    .catch(async (error) => {
      const png = await view.tab.screenshot();
      await saveScreenshot(`walk-${walk.seed}`, png);
      throw new Error(`${error.message} (${focused})`, { cause: error });
    });
  const overflow = await view.query("overflow");
  assert.ok(overflow <= 0, `the page is ${overflow} px wider than the window`);
  // Without a connection there is nothing to load from.
  if (walk.isConnected) await walk.waits("nothing is loading", async () => !(await view.query("isLoading")));
}

/** Checks that the page shows what the log has. */
export async function checkInStep(walk) {
  const { view, logs } = walk;
  let found;
  await walk
    .waits("the page shows what the log has", async () => {
      if (!walk.isConnected) {
        found = undefined;
        return true;
      }
      const room = await walk.openRoom();
      if (!room) {
        found = `no room of the server is open, but ${JSON.stringify(await view.query("place"))}`;
        return false;
      }
      const rows = await view.query("rows");
      const messages = await logs.messages(room.id);
      found = difference(rows, messages, true);
      return found === undefined;
    })
    .catch((error) => {
      throw new Error(`${error.message}: ${found}`, { cause: error });
    });
}

/** Checks that the newest message is in sight and the timeline at its end. */
export async function checkPresent(walk) {
  let state;
  await walk
    .waits("the present is reached", async () => {
      const room = await walk.openRoom();
      if (!room) return false;
      const messages = await walk.logs.messages(room.id);
      const rows = await walk.view.query("rows");
      const place = await walk.view.query("place");
      const newest = messages.at(-1);
      const row = rows.find(({ id }) => id === newest?.id);
      state = `${place.below} px are below, the newest message is ${row ? (row.isInSight ? "in sight" : "out of sight") : "not loaded"}`;
      return place.below < 4 && (newest === undefined || row?.isInSight === true);
    })
    .catch((error) => {
      throw new Error(`${error.message}: ${state}`, { cause: error });
    });
}
