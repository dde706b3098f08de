// A build of the interface, and what it weighs at its start, compressed as servers do it.

import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";

const page = "index.html";
const ui = fileURLToPath(new URL("../..", import.meta.url));

/** One of the two builds, made anew: what lies in `dist` may be older than the sources. */
export class Build {
  #folder;
  #chunks;

  constructor(folder, chunks) {
    this.#folder = folder;
    this.#chunks = chunks;
  }

  static async of(mode) {
    const folder = await mkdtemp(join(tmpdir(), `ichat-start-${mode}-`));
    const vite = join(ui, "node_modules", "vite", "bin", "vite.js");
    // As by hand: a build that knows of tests keeps what is for development.
    const env = { ...process.env, NODE_ENV: "production", VITEST: undefined };
    await promisify(execFile)(process.execPath, [vite, "build", "--mode", mode, "--outDir", folder, "--manifest"], {
      cwd: ui,
      env,
    });
    return new Build(folder, JSON.parse(await readFile(join(folder, ".vite", "manifest.json"), "utf8")));
  }

  /** The page with everything that its entry imports, and the same of these parts: modules, styles, and files named in them. */
  async bytesWith(...parts) {
    const files = new Set([page]);
    const met = new Set();
    const meet = (key) => {
      const chunk = this.#chunks[key];
      if (!chunk || met.has(key)) return;
      met.add(key);
      for (const file of [chunk.file, ...(chunk.css ?? []), ...(chunk.assets ?? [])]) files.add(file);
      chunk.imports?.forEach(meet);
    };
    for (const part of [page, ...parts]) meet(this.#keyOf(part));
    const sizes = await Promise.all(
      [...files].map(async (file) => gzipSync(await readFile(join(this.#folder, file))).length),
    );
    return sizes.reduce((sum, size) => sum + size, 0);
  }

  /** By its own name: its path is gone where other chunks import from it too. */
  #keyOf(part) {
    const found = Object.entries(this.#chunks).find(([key, { file, name }]) => {
      return key === part || (name === part && file.endsWith(".js"));
    });
    if (!found) throw new Error(`the build holds no ${part}, but ${Object.keys(this.#chunks).join(", ")}`);
    return found[0];
  }

  async remove() {
    await rm(this.#folder, { recursive: true });
  }
}
