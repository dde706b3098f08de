/** Chosen by the build: see `vite.config.ts`. */
declare module "$backend" {
  import type { Backend } from "../backend";
  export const backend: Backend;
}
