/**
 * What the interface loads before its first screen, compressed as servers do it.
 *
 * - a browser's page weighs at most 120 kB
 * - the app's page weighs at most 120 kB, with the ways in that its first screen asks for
 */

import { afterAll, beforeAll, expect, test } from "vitest";

import { Build } from "./support/build.mjs";

const mostBytes = 120_000;
/** A build takes two seconds on an idle machine. */
const patienceMs = 120_000;

let app: Build;
let web: Build;

beforeAll(async () => {
  app = await Build.of("app");
  web = await Build.of("web");
}, patienceMs);
afterAll(async () => {
  await Promise.all([app, web].map((build) => build.remove()));
});

test("a browser's page weighs at most 120 kB", async () => {
  const bytes = await web.bytesWith();
  expect(bytes, "bytes at start").toBeLessThanOrEqual(mostBytes);
});

test("the app's page weighs at most 120 kB, with the ways in that its first screen asks for", async () => {
  const bytes = await app.bytesWith("JoinOptions");
  expect(bytes, "bytes at start").toBeLessThanOrEqual(mostBytes);
});
