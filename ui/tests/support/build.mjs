/** Builds the interface, breaks it on purpose, and measures what it loads at its start, gzipped as servers send it. */

import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";

const page = "index.html";
const ui = fileURLToPath(new URL("../..", import.meta.url));

/** A new build in a temporary folder, since the one in `dist` may be older than the sources. */
export class Build {
  #folder;
  #chunks;

  constructor(folder, chunks) {
    this.#folder = folder;
    this.#chunks = chunks;
  }

  /** Builds the interface; a `breakable` one has parts that can be broken on purpose (`__BROKEN__` in `vite.config.ts`). */
  static async make(mode, { breakable = false } = {}) {
    const folder = await mkdtemp(join(tmpdir(), `ichat-start-${mode}-`));
    const vite = join(ui, "node_modules", "vite", "bin", "vite.js");
    // The environment of a normal build: vitest's would make a development build.
    const env = { ...process.env, NODE_ENV: "production", VITEST: undefined };
    if (breakable) env.ICHAT_BREAKABLE = "1";
    const options = ["--mode", mode, "--outDir", folder, "--manifest", ...(breakable ? ["--minify", "false"] : [])];
    await promisify(execFile)(process.execPath, [vite, "build", ...options], { cwd: ui, env });
    return new Build(folder, JSON.parse(await readFile(join(folder, ".vite", "manifest.json"), "utf8")));
  }

  /** Returns a browser whose tabs get this page instead of the server's, with a part that is broken. */
  in(browser, broken) {
    return { opensTab: (options) => browser.opensTab({ ...options, files: this.#folder, broken }) };
  }

  /** Returns the size of the page with all static imports of its entry and of these lazy components, styles and assets included, without fonts. */
  async startBytes(...components) {
    const files = new Set([page]);
    const visited = new Set();
    const visit = (key) => {
      const chunk = this.#chunks[key];
      if (!chunk || visited.has(key)) return;
      visited.add(key);
      for (const file of [chunk.file, ...(chunk.css ?? []), ...(chunk.assets ?? [])]) files.add(file);
      chunk.imports?.forEach(visit);
    };
    for (const name of [page, ...components]) visit(this.#keyOf(name));
    const sizes = await Promise.all(
      [...files]
        .filter((file) => !file.endsWith(".woff2"))
        .map(async (file) => gzipSync(await readFile(join(this.#folder, file))).length),
    );
    return sizes.reduce((sum, size) => sum + size, 0);
  }

  /** Returns the sizes of the fonts that the page loads at its start. They are compressed already. */
  async startFonts() {
    const html = await readFile(join(this.#folder, page), "utf8");
    const preloads = html.match(/<link[^>]*rel="preload"[^>]*>/g) ?? [];
    const files = preloads.map((link) => /href="\.?\/([^"]*\.woff2)"/.exec(link)?.[1]).filter(Boolean);
    return Promise.all(files.map(async (file) => (await stat(join(this.#folder, file))).size));
  }

  /** Returns the text of a file of the build. */
  read(file) {
    return readFile(join(this.#folder, file), "utf8");
  }

  /** Finds a chunk by its name: its path is not in the manifest if other chunks import from it, too. */
  #keyOf(chunk) {
    const found = Object.entries(this.#chunks).find(([key, { file, name }]) => {
      return key === chunk || (name === chunk && file.endsWith(".js"));
    });
    if (!found) throw new Error(`the build has no chunk ${chunk}, only ${Object.keys(this.#chunks).join(", ")}`);
    return found[0];
  }

  async remove() {
    await rm(this.#folder, { recursive: true });
  }
}
