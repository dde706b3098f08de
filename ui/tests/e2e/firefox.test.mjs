/**
 * The main paths in Firefox with a mouse, with a finger and with the keyboard alone, as `main-paths.mjs` lists them. Each hand has
 * a browser of its own, and all are at work at the same time.
 */

import { describe } from "node:test";
import { serverUnavailable } from "../foreign/server.mjs";
import { Firefox, firefoxUnavailable } from "./browsers/firefox.mjs";
import { finger } from "./hands/finger.mjs";
import { keys } from "./hands/keyboard.mjs";
import { mouse } from "./hands/mouse.mjs";
import { skipReason } from "./skip.mjs";
import { walkPaths } from "./walk-paths.mjs";

const skip = skipReason(serverUnavailable, firefoxUnavailable);
const open = () => Firefox.open();

describe("in Firefox", { concurrency: 3 }, () => {
  walkPaths("with a mouse", { skip, open, hand: mouse });
  walkPaths("with a finger", { skip, open: () => Firefox.open({ touch: true }), hand: finger });
  walkPaths("with the keyboard alone", { skip, open, hand: keys });
});
