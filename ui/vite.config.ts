import { fileURLToPath } from "node:url";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

/** What stands behind the interface, by build mode. Neither build holds the other's library. */
const backends: Record<string, string> = { app: "tauri.ts", web: "web.ts" };

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig(({ mode }) => ({
  plugins: [svelte()],
  resolve: {
    alias: { $backend: here(`./src/backend/${backends[mode] ?? "web.ts"}`) },
    // Without it vitest would take Svelte's server side.
    conditions: mode === "test" ? ["browser"] : undefined,
  },
  build: {
    outDir: `dist/${mode}`,
    target: ["es2022", "safari16"],
    // Data URLs would need a hole in the content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  // `host` lets a phone on the same network look while developing; Tauri's own dev mode expects the port.
  server: {
    port: 5173,
    strictPort: true,
    fs: { allow: [".."] },
    proxy: {
      "/socket.io": { target: "http://127.0.0.1:4242", ws: true },
      "/api": "http://127.0.0.1:4242",
    },
  },
  test: { include: ["src/**/*.test.ts", "tests/**/*.test.ts"] },
}));
