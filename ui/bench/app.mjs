/**
 * The cost of the app compared with an empty Tauri window (`src-tauri/examples/empty`): the time from the start of the process to
 * the first paint, and the memory of all its processes (proportional set size, so that shared pages count once) on the first
 * screen, while it hosts, in a joined room of 100,000 messages, and after paging up in it. The cases alternate, so that a busy
 * machine affects all of them. Run it with `cargo xtask bench app`.
 */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { By, Key, until } from "selenium-webdriver";

import { openApp } from "../tests/e2e/webdriver.mjs";
import { Build } from "../tests/support/build.mjs";
import { filledServer } from "./filled-server.mjs";
import { quick, rounds } from "./options.mjs";
import { memoryOf, startTimeOf, withDescendants } from "./processes.mjs";

const { ICHAT_BIN: binary, ICHAT_EMPTY_BIN: emptyBinary } = process.env;
if (!binary || !emptyBinary)
  throw new Error("ICHAT_BIN and ICHAT_EMPTY_BIN must name release builds: run `cargo xtask bench app`");
const messages = quick ? 2_000 : 100_000;
/** Pages of 60 messages. The messages in memory are bounded, so more pages would not change the result. */
const pages = quick ? 10 : 200;
const timeoutMs = 60_000;
/** The time until the memory is measured, and the time in which WebKit collects the garbage of paging. */
const settleMs = quick ? 2_000 : 8_000;
const garbageCollectionMs = quick ? 2_000 : 60_000;

const cases = [
  { product: "empty window", name: "first screen", binary: emptyBinary, isEmpty: true },
  {
    product: "empty window, painted without OpenGL",
    name: "first screen",
    binary: emptyBinary,
    isEmpty: true,
    unaccelerated: true,
  },
  { product: "ichat", name: "first screen", binary },
  { product: "ichat", name: "hosting", binary, prepare: hostServer },
  { product: "ichat", name: `in a room of ${messages}`, binary, prepare: joinRoom },
  { product: "ichat", name: `after ${pages} pages of it`, binary, prepare: loadPages },
];

const server = await filledServer(messages);
const runs = cases.map(() => []);
try {
  for (let round = 0; round < rounds; round += 1)
    for (const [i, benchCase] of cases.entries()) runs[i].push(await measure(benchCase));
} finally {
  await server.remove();
}
const figures = runs.map((of) =>
  Object.fromEntries(Object.keys(of[0]).map((key) => [key, median(of.map((run) => run[key]))])),
);
const [empty, plain, first] = figures;
for (const [i, { product, name, isEmpty }] of cases.entries()) {
  const { web, network, own, pss } = figures[i];
  const reportCase = (metric, value, unit) => report(`${name}: ${metric}`, product, value, unit);
  reportCase("memory of all processes", pss, "MiB PSS");
  reportCase("of that the app's own process", own, "MiB PSS");
  reportCase("of that the web process", web, "MiB PSS");
  reportCase("of that the network process", network, "MiB PSS");
  if (isEmpty) continue;
  reportCase("above the empty window", pss - empty.pss, "MiB PSS");
  reportCase("above the empty window painted without OpenGL", pss - plain.pss, "MiB PSS");
}
report("first paint", "empty window", empty.paint, "ms after process start");
report("first paint", "ichat", first.paint, "ms after process start");
report("first paint: times the empty window's", "ichat", first.paint / empty.paint, "×");
const build = await Build.make("app");
report("interface loaded at start, gzipped", "ichat", (await build.startBytes("JoinOptions")) / 1_000, "kB");
await build.remove();

function report(name, product, value, unit) {
  const rounded = Math.round(value * 100) / 100;
  process.stdout.write(`${JSON.stringify({ figure: "app", case: name, product, value: rounded, unit, rounds })}\n`);
}

async function measure({ binary, isEmpty, prepare, unaccelerated }) {
  const data = await mkdtemp(join(tmpdir(), "ichat-bench-"));
  // Keep the app off the network, and the empty window's files in the temporary folder.
  const env = {
    XDG_DATA_HOME: data,
    ICHAT_THIS_COMPUTER_ONLY: "true",
    ...(unaccelerated ? { EMPTY_UNACCELERATED: "1" } : {}),
  };
  const app = await openApp({ binary, dataDir: data, display: process.env.DISPLAY, env });
  try {
    const { driver } = app;
    const painted = await driver.wait(() => driver.executeScript(firstPaint), timeoutMs);
    const paint = painted - (await startTimeOf(app.pid));
    if (!isEmpty) await driver.wait(until.elementLocated(By.css("main, h1")), timeoutMs);
    await prepare?.(driver);
    await driver.sleep(settleMs);
    const memory = await memoryOf(await withDescendants(app.pid));
    return { paint, ...memory };
  } finally {
    await app.close();
    await rm(data, { recursive: true, force: true });
  }
}

async function hostServer(driver) {
  await (await visibleElement(driver, "//button[contains(., 'Host on this network')]")).click();
  await driver.wait(until.elementLocated(By.css("textarea")), timeoutMs);
}

async function joinRoom(driver) {
  const field = await visibleElement(driver, "//form[.//label[normalize-space()='Join by address']]//input");
  await field.sendKeys(server.url, Key.ENTER);
  await driver.wait(until.elementLocated(By.css("[role=log] article")), timeoutMs);
}

async function loadPages(driver) {
  await joinRoom(driver);
  await driver.manage().setTimeouts({ script: 10 * timeoutMs });
  const [paged, ms] = await driver.executeAsyncScript(pageUp, pages);
  if (paged !== pages) throw new Error(`only ${paged} of ${pages} pages were loaded`);
  process.stderr.write(`${paged} pages in ${Math.round(ms)} ms\n`);
  await driver.sleep(garbageCollectionMs);
}

async function visibleElement(driver, xpath) {
  const found = await driver.wait(until.elementLocated(By.xpath(xpath)), timeoutMs);
  return driver.wait(until.elementIsVisible(found), timeoutMs);
}

/** Runs in the page: returns the time of the first paint in milliseconds since the Unix epoch. */
function firstPaint() {
  const [paint] = performance.getEntriesByName("first-contentful-paint");
  return paint ? performance.timeOrigin + paint.startTime : null;
}

/** Runs in the page: scrolls to the top of the loaded messages again and again. */
function pageUp(maxPages, done) {
  const log = document.querySelector("[role=log]");
  const firstMessage = () => log.querySelector("[data-message]")?.dataset.key;
  const start = performance.now();
  let paged = 0;
  let last = firstMessage();
  let idleFrames = 0;
  const step = () => {
    const now = firstMessage();
    idleFrames = now === last ? idleFrames + 1 : 0;
    if (now !== last) paged += 1;
    last = now;
    if (paged >= maxPages || idleFrames > 600) return done([paged, performance.now() - start]);
    log.scrollTop = 0;
    requestAnimationFrame(step);
  };
  step();
}

function median(figures) {
  return figures.sort((a, b) => a - b)[Math.floor(figures.length / 2)];
}
