/** The report of a walk that has failed. */

import { saveScreenshot, saveText } from "../screenshots.mjs";

/** The steps that an error lists. All are in a file beside the screenshot. */
const listedSteps = 40;

/**
 * Saves a screenshot and the list of all steps, and returns an error that has the seed, the last steps, and the command that
 * repeats the walk.
 */
export async function reportFailure(walk, error, { only, broken }) {
  const { seed, taken } = walk;
  const name = ["walk", seed, broken?.replaceAll(" ", "-")].filter(Boolean).join("-");
  const list = taken.map(({ number, name: step, detail }) => `  ${number} ${step}${detail ? `: ${detail}` : ""}`);
  await walk.view.tab.screenshot().then(
    (png) => saveScreenshot(name, png),
    () => undefined,
  );
  const options = [
    `--first ${seed} --seeds 1 --steps ${taken.at(-1)?.number ?? 1}`,
    only && `--only ${only}`,
    broken && `--broken "${broken}"`,
  ];
  const command = ["cargo xtask walk", ...options.filter(Boolean)].join(" ");
  const head = `${error.message}\nseed ${seed}; to repeat it: ${command}`;
  const file = await saveText(name, `${head}\n${error.stack}\n${list.join("\n")}\n`);
  const last = list.slice(-listedSteps).join("\n");
  return new Error(`${head}\na screenshot and all steps: ${file}\nthe last steps:\n${last}`, { cause: error });
}
