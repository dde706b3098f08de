/**
 * A room of 5,000 messages in Chromium:
 * - the main paths with a mouse, as `main-paths.mjs` lists them
 * - the paths through the messages with a mouse, with a finger and with the keyboard alone, as `long-room-paths.mjs` lists them
 */

import { serverUnavailable } from "../foreign/server.mjs";
import { Chromium, chromiumUnavailable } from "./browsers/chromium.mjs";
import { finger } from "./hands/finger.mjs";
import { keys } from "./hands/keyboard.mjs";
import { mouse } from "./hands/mouse.mjs";
import { longRoomMessages, longRoomPaths as paths } from "./long-room-paths.mjs";
import { skipReason } from "./skip.mjs";
import { useArchive, walkPaths } from "./walk-paths.mjs";

const skip = skipReason(serverUnavailable, chromiumUnavailable);
const open = () => Chromium.open();
const archive = useArchive(skip, longRoomMessages);

walkPaths("in a long room", { skip, open, hand: mouse, archive });
walkPaths("through a long room, with a mouse", { skip, open, hand: mouse, paths, archive });
walkPaths("through a long room, with a finger", { skip, open, hand: finger, paths, archive });
walkPaths("through a long room, with the keyboard alone", { skip, open, hand: keys, paths, archive });
