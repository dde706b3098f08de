/** A build of the web interface of which parts can be broken on purpose (`__BROKEN__` in `vite.config.ts`). */

import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const ui = fileURLToPath(new URL("../..", import.meta.url));

export class BreakableBuild {
  #folder;

  static async make() {
    const build = new BreakableBuild();
    build.#folder = await mkdtemp(join(tmpdir(), "ichat-breakable-ui-"));
    const vite = join(ui, "node_modules", "vite", "bin", "vite.js");
    const env = { ...process.env, NODE_ENV: "production", ICHAT_BREAKABLE: "1" };
    const options = ["--mode", "web", "--minify", "false", "--outDir", build.#folder, "--emptyOutDir"];
    await promisify(execFile)(process.execPath, [vite, "build", ...options], { cwd: ui, env });
    return build;
  }

  /** Returns a browser whose tabs get this page instead of the server's, with a part that is broken. */
  in(browser, broken) {
    return { opensTab: (options) => browser.opensTab({ ...options, files: this.#folder, broken }) };
  }

  async remove() {
    await rm(this.#folder, { recursive: true });
  }
}
