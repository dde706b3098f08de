import { fileURLToPath } from "node:url";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

/** The interface in front of a made-up server, to look at: `npx vite --config tests/preview/vite.config.ts`. */
export default defineConfig({
  root: fileURLToPath(new URL("../..", import.meta.url)),
  plugins: [svelte()],
  resolve: { alias: { $backend: fileURLToPath(new URL("./backend.ts", import.meta.url)) } },
  server: { port: 5199, strictPort: true, fs: { allow: [".."] } },
});
