/** The browser: the back end of a page that a server serves to its guests. */

import type { Backend } from "./index";
import { WebBackend } from "./web/backend";
import { browserPage } from "./web/browser-env";

export const backend: Backend = new WebBackend(browserPage());
