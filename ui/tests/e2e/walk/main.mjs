/**
 * Random walks from the command line: `cargo xtask walk`. Prints a line for each seed, and everything about those that fail.
 *
 *   ICHAT_SERVER_BIN=target/debug/ichat-server node ui/tests/e2e/walk/main.mjs --first 1 --seeds 10
 */

import { parseArgs } from "node:util";
import { Chromium, chromiumUnavailable } from "../browsers/chromium.mjs";
import { serverUnavailable } from "../../foreign/server.mjs";
import { Build } from "../../support/build.mjs";
import { makeArchive } from "../world.mjs";
import { archivedMessages, takeWalk } from "./take-walk.mjs";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "10" },
    first: { type: "string", default: "1" },
    steps: { type: "string", default: "500" },
    only: { type: "string" },
    parallel: { type: "string", default: "2" },
    broken: { type: "string" },
  },
});
const [seeds, first, steps, parallel] = [values.seeds, values.first, values.steps, values.parallel].map(Number);
const { broken } = values;
const only = values.only?.split(",").map(Number);

const unavailable = serverUnavailable || chromiumUnavailable;
if (unavailable) throw new Error(unavailable);

const [archive, chromium, build] = await Promise.all([
  makeArchive(archivedMessages),
  Chromium.open(),
  broken ? Build.make("web", { breakable: true }) : undefined,
]);
const browser = build?.in(chromium, broken) ?? chromium;
const failed = [];
let next = first;

async function takeWalks() {
  while (next < first + seeds) {
    const seed = next++;
    const started = performance.now();
    const error = await takeWalk({ browser, archive, seed, steps, only, broken }).then(
      () => undefined,
      (problem) => problem,
    );
    const seconds = Math.round((performance.now() - started) / 1000);
    process.stdout.write(`seed ${seed}: ${error ? `FAILED: ${error.message}` : "passed"} (${seconds} s)\n`);
    if (error) failed.push(seed);
  }
}

try {
  await Promise.all(Array.from({ length: parallel }, takeWalks));
} finally {
  await chromium.close();
  await archive.remove();
  await build?.remove();
}
process.stdout.write(`${seeds - failed.length} passed, ${failed.length} failed${failed.length ? `: ${failed}` : ""}\n`);
process.exitCode = failed.length > 0 ? 1 : 0;
