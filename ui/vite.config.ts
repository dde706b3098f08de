import { fileURLToPath } from "node:url";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

/** The back end of each build mode. Neither build contains the other's libraries. */
const backends: Record<string, string> = { app: "tauri.ts", web: "web.ts" };

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig(({ mode }) => ({
  plugins: [svelte()],
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
