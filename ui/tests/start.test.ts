/**
 * The size of what the interface loads before its first screen, gzipped as servers send it:
 * - the browser's page is at most 100 kB, and what the first room adds at most 35 kB
 * - the app's page is at most 100 kB, including the join options on its first screen
 * - beside that, each loads one font of at most 60 kB, whose licence is beside it
 */

import { afterAll, beforeAll, expect, test } from "vitest";

import { Build } from "./support/build.mjs";

const maxBytes = 100_000;
const maxFontBytes = 60_000;
/** Loaded while the connection is being made. */
const maxRoomBytes = 35_000;
/** Two builds take a few seconds on an idle machine. */
const buildTimeoutMs = 120_000;

let app: Build;
let web: Build;

beforeAll(async () => {
  app = await Build.make("app");
  web = await Build.make("web");
}, buildTimeoutMs);
afterAll(async () => {
  await Promise.all([app, web].map((build) => build.remove()));
});

test("the browser's page is at most 100 kB, and what the first room adds at most 35 kB", async () => {
  const bytes = await web.startBytes();
  expect(bytes, "bytes at start").toBeLessThanOrEqual(maxBytes);
  expect((await web.startBytes("RoomView")) - bytes, "bytes of the room").toBeLessThanOrEqual(maxRoomBytes);
});

test("the app's page is at most 100 kB, including the join options on its first screen", async () => {
  const bytes = await app.startBytes("JoinOptions");
  expect(bytes, "bytes at start").toBeLessThanOrEqual(maxBytes);
});

test("beside that, each loads one font of at most 60 kB, whose licence is beside it", async () => {
  for (const build of [app, web]) {
    const fonts = await build.startFonts();
    expect(fonts).toHaveLength(1);
    expect(fonts[0]).toBeLessThanOrEqual(maxFontBytes);
    expect(await build.read("licences/inter.txt")).toContain("SIL OPEN FONT LICENSE Version 1.1");
  }
});
