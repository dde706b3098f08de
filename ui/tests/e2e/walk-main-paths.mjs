/** Makes a test of each main path for a browser and a hand. */

import { after, before, describe, test } from "node:test";
import { checkPage, mainPaths } from "./main-paths.mjs";
import { World, makeArchive } from "./world.mjs";

/**
 * Walks the main paths, each with a server of its own.
 *
 * @param {string} project the name of the tests' group
 * @param {object} options
 * @param {false | string} options.skip the reason to skip all of them
 * @param {() => Promise<object>} options.open opens the browser
 * @param {object} options.hand
 * @param {number} [options.messages] the number of messages that are in the lobby before
 * @param {number} [options.concurrency] how many paths are walked at a time
 */
export function walkMainPaths(project, { skip, open, hand, messages, concurrency = 2 }) {
  describe(project, { skip, concurrency }, () => {
    let browser;
    let archive;

    before(async () => {
      browser = await open();
      if (messages) archive = await makeArchive(messages);
    });
    after(async () => {
      await browser?.close();
      await archive?.remove();
    });

    for (const { name, hands, from, walk } of mainPaths) {
      if (hands && !hands.includes(hand.name)) continue;
      test(name, async () => {
        const world = await World.open({ archive });
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
