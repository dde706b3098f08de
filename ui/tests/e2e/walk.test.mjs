/**
 * Random walks through the interface, in Chromium (`walk/walk.mjs`); `cargo xtask walk` takes longer ones, and more:
 * - a walk passes
 * - walks of the same seed detect interfaces that are broken on purpose: without the scroll anchor, and without the care for the
 *   focus
 */

import { strict as assert } from "node:assert";
import { after, before, describe, test } from "node:test";
import { serverUnavailable } from "../foreign/server.mjs";
import { BrokenBuild } from "../support/broken-build.mjs";
import { Chromium, chromiumUnavailable } from "./browsers/chromium.mjs";
import { skipReason } from "./skip.mjs";
import { archivedMessages, takeWalk } from "./walk/take-walk.mjs";
import { makeArchive } from "./world.mjs";

const skip = skipReason(serverUnavailable, chromiumUnavailable);
const [seed, steps] = [1, 150];

describe("random walks", { skip, concurrency: 2 }, () => {
  let archive;
  let browser;

  before(async () => {
    [archive, browser] = await Promise.all([makeArchive(archivedMessages), Chromium.open()]);
  });
  after(async () => {
    await browser?.close();
    await archive?.remove();
  });

  test("a walk passes", () => takeWalk({ browser, archive, seed, steps }));

  for (const [part, fault] of [
    ["scroll anchor", /the row .* moved by|the present is reached/s],
    ["focus", /something has the focus/],
  ]) {
    test(`a walk detects an interface without its ${part}`, async () => {
      const build = await BrokenBuild.make(part);
      try {
        await assert.rejects(takeWalk({ browser: build.in(browser), archive, seed, steps }), fault);
      } finally {
        await build.remove();
      }
    });
  }
});
