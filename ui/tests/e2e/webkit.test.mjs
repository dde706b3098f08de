/** The main paths in WebKit with a mouse, as `main-paths.mjs` lists them. */

import { serverUnavailable } from "../foreign/server.mjs";
import { WebKit, webkitUnavailable } from "./browsers/webkit.mjs";
import { mouse } from "./hands/mouse.mjs";
import { skipReason } from "./skip.mjs";
import { walkPaths } from "./walk-paths.mjs";

const skip = skipReason(serverUnavailable, webkitUnavailable);

walkPaths("in WebKit", { skip, open: () => WebKit.open(), hand: mouse });
