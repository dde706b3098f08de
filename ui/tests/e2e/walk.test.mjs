/**
 * Random walks through the interface, in Chromium (`walk/walk.mjs`); `cargo xtask walk` takes longer ones, and more:
 * - a walk passes: each commit has a seed of its own, and `ICHAT_WALK_SEED` names another
 * - walks pass that have failed once
 * - walks detect an interface that is broken on purpose: without the scroll anchor, and without the care for the focus
 */

import { strict as assert } from "node:assert";
import { after, before, describe, test } from "node:test";
import { serverUnavailable } from "../foreign/server.mjs";
import { Build } from "../support/build.mjs";
import { Chromium, chromiumUnavailable } from "./browsers/chromium.mjs";
import { skipReason } from "./skip.mjs";
import { failedOnce, seedOfThisRun } from "./walk/seeds.mjs";
import { archivedMessages, takeWalk } from "./walk/take-walk.mjs";
import { makeArchive } from "./world.mjs";

const skip = skipReason(serverUnavailable, chromiumUnavailable);

describe("random walks", { skip, concurrency: 2 }, () => {
  let archive;
  let browser;
  let build;

  before(async () => {
    [archive, browser, build] = await Promise.all([
      makeArchive(archivedMessages),
      Chromium.open(),
      Build.make("web", { breakable: true }),
    ]);
  });
  after(async () => {
    await browser?.close();
    await archive?.remove();
    await build?.remove();
  });

  const seed = seedOfThisRun();
  test(`a walk with the seed ${seed} passes`, () => takeWalk({ browser, archive, seed, steps: 150 }));

  for (const [failed, steps] of Object.entries(failedOnce)) {
    test(`the walk with the seed ${failed} passes`, () => takeWalk({ browser, archive, seed: Number(failed), steps }));
  }

  for (const [broken, fault] of [
    ["scroll anchor", /the row .* moved by|the present is reached/],
    ["focus", /something has the focus/],
  ]) {
    test(`a walk detects an interface without its ${broken}`, async () => {
      const walk = takeWalk({ browser: build.in(browser, broken), archive, seed: 1, steps: 150, broken });
      await assert.rejects(walk, fault);
    });
  }
});
