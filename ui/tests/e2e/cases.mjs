/** Cases that share a window and build on each other. */

import { strict as assert } from "node:assert";
import { test } from "node:test";

/** The time for a case. One that waits for a program which doesn't respond has no limit of its own. */
const caseTimeoutMs = 180_000;

/**
 * Returns a function that works like `test`. After a case has failed, the later ones fail at once, with its name: they would wait
 * for what it has not done.
 */
export function dependentCases({ skip = false } = {}) {
  let failed;
  return (name, run) =>
    test(name, { skip, timeout: caseTimeoutMs }, async () => {
      assert.equal(failed, undefined, "an earlier case failed");
      failed = name;
      await run();
      failed = undefined;
    });
}
