/** The main paths in WebKit, with a mouse, as `main-paths.mjs` lists them. */

import { serverUnavailable } from "../foreign/server.mjs";
import { WebKit, webkitUnavailable } from "./browsers/webkit.mjs";
import { mouse } from "./hands/mouse.mjs";
import { skipReason } from "./skip.mjs";
import { walkMainPaths } from "./walk-main-paths.mjs";

const skip = skipReason(serverUnavailable, webkitUnavailable);

walkMainPaths("in WebKit", { skip, open: () => WebKit.open(), hand: mouse, concurrency: 1 });
