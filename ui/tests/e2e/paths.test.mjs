/**
 * The main paths in Chromium, as `main-paths.mjs` lists them:
 * - with a mouse, on a desktop
 * - with a finger, on a phone of 360 px
 * - with the keyboard alone
 */

import { serverUnavailable } from "../foreign/server.mjs";
import { Chromium, chromiumUnavailable } from "./browsers/chromium.mjs";
import { finger } from "./hands/finger.mjs";
import { keys } from "./hands/keyboard.mjs";
import { mouse } from "./hands/mouse.mjs";
import { skipReason } from "./skip.mjs";
import { walkPaths } from "./walk-paths.mjs";

const skip = skipReason(serverUnavailable, chromiumUnavailable);
const open = () => Chromium.open();

walkPaths("with a mouse", { skip, open, hand: mouse });
walkPaths("with a finger", { skip, open, hand: finger });
walkPaths("with the keyboard alone", { skip, open, hand: keys });
