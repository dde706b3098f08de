/**
 * The screenshots and texts that tests keep. They are written to `ICHAT_ARTIFACTS` (or `target/e2e`). With `ICHAT_KEEP_IMAGES=1`
 * the screenshots that the documentation shows are also copied to `docs/images`.
 */

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const artifacts = process.env.ICHAT_ARTIFACTS ?? join(root, "target", "e2e");
const documented = ["first-run", "host", "talk", "phone"];

/** Writes a PNG under a name without an extension. */
export async function saveScreenshot(name, png) {
  const folders = [artifacts];
  if (process.env.ICHAT_KEEP_IMAGES === "1" && documented.includes(name)) folders.push(join(root, "docs", "images"));
  for (const folder of folders) {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, `${name}.png`), png);
  }
}

/** Writes a text under a name without an extension, and returns the path of the file. */
export async function saveText(name, text) {
  await mkdir(artifacts, { recursive: true });
  const file = join(artifacts, `${name}.txt`);
  await writeFile(file, text);
  return file;
}
