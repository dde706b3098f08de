/** The browser's back end, for the page that a server serves. */

import type { Backend } from "./index";
import { WebBackend } from "./web/backend";
import { createBrowserEnv } from "./web/browser-env";

export const backend: Backend = new WebBackend(createBrowserEnv());
