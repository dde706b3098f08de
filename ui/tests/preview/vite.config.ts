import { fileURLToPath } from "node:url";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

/** The interface with a fake back end, for previews: `npx vite --config tests/preview/vite.config.ts`. */
export default defineConfig({
  root: fileURLToPath(new URL("../..", import.meta.url)),
  plugins: [svelte()],
  define: { __BROKEN__: '""' },
  resolve: { alias: { $backend: fileURLToPath(new URL("./backend.ts", import.meta.url)) } },
  server: { port: 5199, strictPort: true, fs: { allow: [".."] } },
});
