/** One walk, with a server of its own. */

import { World } from "../world.mjs";
import { Walk } from "./walk.mjs";

/** The messages that are in the lobby before a walk: more than the interface keeps in memory. */
export const archivedMessages = 700;

/**
 * @param {object} options
 * @param {object} options.browser
 * @param {object} options.archive the data that the server begins with
 * @param {number} options.seed
 * @param {number} options.steps
 * @param {number[]} [options.only] the numbers of the steps to take, if not all
 */
export async function takeWalk({ browser, archive, seed, steps, only }) {
  const world = await World.open({ archive });
  try {
    const walk = await Walk.begin(world, browser, seed);
    await walk.takes(steps, only);
  } finally {
    await world.close();
  }
}
