/**
 * What the interface loads before its first screen, compressed as servers do it.
 *
 * - a browser's page weighs at most 120 kB
 * - the app's page weighs at most 120 kB, with the ways in that its first screen asks for
 */

import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import type { Manifest } from "vite";
import { afterAll, beforeAll, expect, test } from "vitest";

const mostBytes = 120_000;
/** A build takes two seconds on an idle machine. */
const patienceMs = 120_000;
const page = "index.html";
const ui = fileURLToPath(new URL("..", import.meta.url));

/** One of the two builds, made for this test: what lies in `dist` may be older than the sources. */
class Build {
  private constructor(
    readonly folder: string,
    readonly chunks: Manifest,
  ) {}

  static async of(mode: "app" | "web"): Promise<Build> {
    const folder = await mkdtemp(join(tmpdir(), `ichat-start-${mode}-`));
    const vite = join(ui, "node_modules", "vite", "bin", "vite.js");
    // As by hand: a build that knows of tests keeps what is for development.
    const env = { ...process.env, NODE_ENV: "production", VITEST: undefined };
    await promisify(execFile)(process.execPath, [vite, "build", "--mode", mode, "--outDir", folder, "--manifest"], {
      cwd: ui,
      env,
    });
    return new Build(folder, JSON.parse(await readFile(join(folder, ".vite", "manifest.json"), "utf8")) as Manifest);
  }

  /** The page with everything that its entry imports, and the same of these parts: modules, styles, and files named in them. */
  async bytesWith(...parts: string[]): Promise<number> {
    const files = new Set([page]);
    const met = new Set<string>();
    const meet = (key: string): void => {
      const chunk = this.chunks[key];
      if (!chunk || met.has(key)) return;
      met.add(key);
      for (const file of [chunk.file, ...(chunk.css ?? []), ...(chunk.assets ?? [])]) files.add(file);
      chunk.imports?.forEach(meet);
    };
    for (const part of [page, ...parts]) meet(this.#keyOf(part));
    const sizes = await Promise.all(
      [...files].map(async (file) => gzipSync(await readFile(join(this.folder, file))).length),
    );
    return sizes.reduce((sum, size) => sum + size, 0);
  }

  /** By its own name: its path is gone where other chunks import from it too. */
  #keyOf(part: string): string {
    const found = Object.entries(this.chunks).find(([key, { file, name }]) => {
      return key === part || (name === part && file.endsWith(".js"));
    });
    if (!found) throw new Error(`the build holds no ${part}, but ${Object.keys(this.chunks).join(", ")}`);
    return found[0];
  }
}

let app: Build;
let web: Build;

beforeAll(async () => {
  app = await Build.of("app");
  web = await Build.of("web");
}, patienceMs);
afterAll(async () => {
  await Promise.all([app, web].map(({ folder }) => rm(folder, { recursive: true })));
});

test("a browser's page weighs at most 120 kB", async () => {
  const bytes = await web.bytesWith();
  expect(bytes, "bytes at start").toBeLessThanOrEqual(mostBytes);
});

test("the app's page weighs at most 120 kB, with the ways in that its first screen asks for", async () => {
  const bytes = await app.bytesWith("WaysIn");
  expect(bytes, "bytes at start").toBeLessThanOrEqual(mostBytes);
});
