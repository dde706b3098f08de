/**
 * The main paths in WebKit with a mouse and with the keyboard alone, as `main-paths.mjs` lists them: one after the other, since
 * only one window of a display has the focus. Its driver knows no touch.
 */

import { serverUnavailable } from "../foreign/server.mjs";
import { WebKit, webkitUnavailable } from "./browsers/webkit.mjs";
import { keys } from "./hands/keyboard.mjs";
import { mouse } from "./hands/mouse.mjs";
import { skipReason } from "./skip.mjs";
import { walkPaths } from "./walk-paths.mjs";

const skip = skipReason(serverUnavailable, webkitUnavailable);
const open = () => WebKit.open();

walkPaths("in WebKit, with a mouse", { skip, open, hand: mouse });
walkPaths("in WebKit, with the keyboard alone", { skip, open, hand: keys });
