/**
 * Pictures that tests take. They land in `ICHAT_ARTIFACTS` (or `target/e2e`). With `ICHAT_KEEP_IMAGES=1` those that the
 * documentation shows are copied to `docs/images` too.
 */

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const artifacts = process.env.ICHAT_ARTIFACTS ?? join(root, "target", "e2e");
const documented = ["first-run", "host", "talk", "phone"];

/** Keeps a PNG under a name without an ending. */
export async function keepPicture(name, png) {
  const folders = [artifacts];
  if (process.env.ICHAT_KEEP_IMAGES === "1" && documented.includes(name)) folders.push(join(root, "docs", "images"));
  for (const folder of folders) {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, `${name}.png`), png);
  }
}
