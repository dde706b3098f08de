/**
 * The steps of a walk, and how often each is taken. A step acts on what is on the screen, and does nothing if there is nothing to
 * act on. It returns what it did.
 */

import * as layout from "./steps/layout.mjs";
import * as others from "./steps/others.mjs";
import * as outages from "./steps/outages.mjs";
import * as places from "./steps/places.mjs";
import * as reading from "./steps/reading.mjs";
import * as writing from "./steps/writing.mjs";

export const steps = { ...layout, ...others, ...outages, ...places, ...reading, ...writing };

/** The relative frequency of each step. */
export const weights = {
  scroll: 20,
  scrollFar: 5,
  jumpToPresent: 8,
  jumpToUnread: 2,
  jumpToDate: 2,
  followQuote: 3,
  send: 10,
  draft: 2,
  act: 10,
  receive: 14,
  receiveMany: 1,
  amend: 8,
  rename: 1,
  renameRoom: 1,
  switchRoom: 7,
  createRoom: 2,
  joinRoom: 2,
  resize: 4,
  openPanel: 4,
  openDialog: 3,
  openSettings: 1,
  escape: 3,
  back: 4,
  forward: 3,
  reload: 1,
  tab: 4,
  arrows: 4,
  cut: 1.2,
  freeze: 0.4,
  restart: 0.4,
};
