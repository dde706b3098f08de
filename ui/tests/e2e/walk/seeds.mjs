/** The seeds of the walks that the tests take. */

import { execFileSync } from "node:child_process";

/** The seeds of walks that have failed once because of a bug in the interface, and the number of steps until then. */
export const failedOnce = { 12: 80, 15430480: 60 };

/** Returns the seed that `ICHAT_WALK_SEED` names. By default each commit has its own; without a repository it is 1. */
export function seedOfThisRun() {
  const given = process.env.ICHAT_WALK_SEED;
  if (given) return Number(given);
  try {
    const options = { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"], cwd: new URL(".", import.meta.url) };
    return Number.parseInt(execFileSync("git", ["rev-parse", "HEAD"], options).slice(0, 6), 16);
  } catch {
    return 1;
  }
}
