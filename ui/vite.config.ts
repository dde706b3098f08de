import { fileURLToPath } from "node:url";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { constants, gzipSync } from "node:zlib";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

/** The back end of each build mode. Neither build contains the other's libraries. */
const backends: Record<string, string> = { app: "tauri.ts", web: "web.ts" };

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Files that gain from being compressed. */
const compressible = /\.(?:html|js|css|svg|json)$/;

/** Writes a compressed copy beside each file, which the server sends. It would have to compress at each request otherwise. */
function compressedCopies(): Plugin {
  return {
    name: "compressed-copies",
    async writeBundle({ dir }) {
      if (dir === undefined) return;
      for (const file of await readdir(dir, { recursive: true })) {
        if (!compressible.test(file)) continue;
        const content = await readFile(join(dir, file));
        await writeFile(join(dir, `${file}.gz`), gzipSync(content, { level: constants.Z_BEST_COMPRESSION }));
      }
    },
  };
}

/** Adds the licence of the font, which has to be wherever the font is. */
function fontLicence(): Plugin {
  return {
    name: "font-licence",
    async generateBundle() {
      const source = await readFile(here("./node_modules/@fontsource-variable/inter/LICENSE"), "utf8");
      this.emitFile({ type: "asset", fileName: "licences/inter.txt", source });
    },
  };
}

export default defineConfig(({ mode }) => ({
  // A browser's page may be below a path that the build doesn't know (`ichat-server --base-path`).
  base: mode === "web" ? "./" : "/",
  plugins: [svelte(), fontLicence(), mode === "web" && compressedCopies()],
  // The random walk's tests build an interface that breaks on purpose (`tests/support/build.mjs`). All other builds
  // break nothing, and leave the code for it out.
  define: { __BROKEN__: process.env.ICHAT_BREAKABLE ? "globalThis.ichatBroken" : '""' },
  resolve: {
    alias: { $backend: here(`./src/backend/${backends[mode] ?? "web.ts"}`) },
    // Without this condition vitest would import Svelte's server-side build.
    conditions: mode === "test" ? ["browser"] : undefined,
  },
  build: {
    outDir: `dist/${mode}`,
    target: ["es2022", "safari16"],
    // Inlined assets would be data URLs, which the content security policy forbids.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  // Tauri's development mode expects this port. Start with `--host` to open the page from another device.
  server: {
    port: 5173,
    strictPort: true,
    fs: { allow: [".."] },
    proxy: {
      "/socket.io": { target: "http://127.0.0.1:4242", ws: true },
      "/api": "http://127.0.0.1:4242",
    },
  },
  // The time is only a guard against hanging: a machine may be busy.
  test: { include: ["src/**/*.test.ts", "tests/**/*.test.ts"], testTimeout: 60_000 },
}));
