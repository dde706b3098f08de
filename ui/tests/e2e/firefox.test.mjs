/** The main paths in Firefox with a mouse, as `main-paths.mjs` lists them. */

import { serverUnavailable } from "../foreign/server.mjs";
import { Firefox, firefoxUnavailable } from "./browsers/firefox.mjs";
import { mouse } from "./hands/mouse.mjs";
import { skipReason } from "./skip.mjs";
import { walkPaths } from "./walk-paths.mjs";

const skip = skipReason(serverUnavailable, firefoxUnavailable);

walkPaths("in Firefox", { skip, open: () => Firefox.open(), hand: mouse, concurrency: 2 });
