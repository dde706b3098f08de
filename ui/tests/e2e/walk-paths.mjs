/** Makes a test of each path for a browser and a hand. */

import { after, before, describe, test } from "node:test";
import { checkPage, mainPaths } from "./main-paths.mjs";
import { World, makeArchive } from "./world.mjs";

/**
 * Walks paths, each with a server of its own.
 *
 * @param {string} project the name of the tests' group
 * @param {object} options
 * @param {false | string} options.skip the reason to skip all of them
 * @param {() => Promise<object>} options.open opens the browser
 * @param {object} options.hand
 * @param {object[]} [options.paths] the main paths, if no others are given
 * @param {{ server: object }} [options.archive] a stopped server, whose data each server begins with a copy of
 * @param {number} [options.concurrency] how many paths are walked at a time
 */
export function walkPaths(project, { skip, open, hand, paths = mainPaths, archive, concurrency = 1 }) {
  describe(project, { skip, concurrency }, () => {
    let browser;

    before(async () => {
      browser = await open();
    });
    after(async () => {
      await browser?.close();
    });

    for (const { name, hands, from, walk } of paths) {
      if (hands && !hands.includes(hand.name)) continue;
      test(name, async () => {
        const world = await World.open({ archive: archive?.server });
        try {
          const [ben, user] = [await world.friend("Ben"), await world.user(browser, hand)];
          if (from !== "outside") await user.arrives("Ada");
          await walk({ world, user, ben });
          await checkPage(user);
        } finally {
          await world.close();
        }
      });
    }
  });
}

/** Makes the data of a server with many messages, before the tests of a file. */
export function useArchive(skip, count) {
  const archive = { server: undefined };
  before(async () => {
    if (!skip) archive.server = await makeArchive(count);
  });
  after(async () => {
    await archive.server?.remove();
  });
  return archive;
}
