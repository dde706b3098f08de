/** The back end that `vite.config.ts` chooses by build mode. */
declare module "$backend" {
  import type { Backend } from "../backend";
  export const backend: Backend;
}
