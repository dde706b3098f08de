/** One walk, with a server of its own. */

import { World } from "../world.mjs";
import { reportFailure } from "./report.mjs";
import { Walk } from "./walk.mjs";

/** The messages that are in the lobby before a walk: more than the interface keeps in memory. */
export const archivedMessages = 700;

/**
 * Takes a walk. Throws an error with the seed, the last steps and the command that repeats it.
 *
 * @param {object} options
 * @param {object} options.browser
 * @param {object} options.archive the data that the server begins with
 * @param {number} options.seed
 * @param {number} options.steps
 * @param {number[]} [options.only] the numbers of the steps to take, if not all
 * @param {string} [options.broken] the part of the interface that the browser's pages have broken, for the command
 */
export async function takeWalk({ browser, archive, seed, steps, only, broken }) {
  const world = await World.open({ archive });
  try {
    const walk = await Walk.begin(world, browser, seed);
    await walk.takes(steps, only).catch(async (error) => {
      throw await reportFailure(walk, error, { only, broken });
    });
  } finally {
    await world.close();
  }
}
