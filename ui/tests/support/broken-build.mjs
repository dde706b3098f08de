/** Builds the web interface with a part that is broken on purpose (`__BROKEN__` in `vite.config.ts`). */

import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const ui = fileURLToPath(new URL("../..", import.meta.url));

export class BrokenBuild {
  #folder;

  static async make(part) {
    const build = new BrokenBuild();
    build.#folder = await mkdtemp(join(tmpdir(), "ichat-broken-ui-"));
    const vite = join(ui, "node_modules", "vite", "bin", "vite.js");
    const env = { ...process.env, NODE_ENV: "production", ICHAT_BROKEN: part };
    const outDir = ["--outDir", build.#folder, "--emptyOutDir"];
    await promisify(execFile)(process.execPath, [vite, "build", "--mode", "web", ...outDir], { cwd: ui, env });
    return build;
  }

  /** Returns a browser whose tabs get these files instead of those that the server has. */
  in(browser) {
    return { opensTab: (options) => browser.opensTab({ ...options, files: this.#folder }) };
  }

  async remove() {
    await rm(this.#folder, { recursive: true });
  }
}
