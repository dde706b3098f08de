// What the app costs beside an empty Tauri window (`src-tauri/examples/empty`): from the start of the process to the first
// paint, and the memory of all its processes (proportional set size, so that shared pages count once) on the first screen,
// while it hosts, in a joined room of 100,000 messages, and after paging up in it. Both are started in turn, so that a busy
// machine is busy for both. Run by `cargo xtask bench app`.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { By, Key, until } from "selenium-webdriver";

import { openApp } from "../tests/e2e/webdriver.mjs";
import { Build } from "../tests/support/build.mjs";
import { filledServer } from "./filled-server.mjs";
import { quick, rounds } from "./options.mjs";
import { memoryOf, startOf, withDescendants } from "./processes.mjs";

const { ICHAT_BIN: binary, ICHAT_EMPTY_BIN: emptyBinary } = process.env;
if (!binary || !emptyBinary)
  throw new Error("ICHAT_BIN and ICHAT_EMPTY_BIN have to name release builds: run this by `cargo xtask bench app`");
const messages = quick ? 2_000 : 100_000;
/** Pages of 60 messages. What is held in memory is bounded, so that these tell as much as all would. */
const pages = quick ? 10 : 200;
const withinMs = 60_000;
/** Caches have come to rest by then; WebKit collects what paging left behind later. */
const settleMs = quick ? 2_000 : 8_000;
const collectedMs = quick ? 2_000 : 60_000;

const cases = [
  { product: "empty window", name: "first screen", binary: emptyBinary },
  { product: "empty window, painted without OpenGL", name: "first screen", binary: emptyBinary, plainly: true },
  { product: "I-Chat", name: "first screen", binary },
  { product: "I-Chat", name: "hosting", binary, prepare: host },
  { product: "I-Chat", name: `in a room of ${messages}`, binary, prepare: joinsRoom },
  { product: "I-Chat", name: `after ${pages} pages of it`, binary, prepare: pagesUp },
];

const server = await filledServer(messages);
const runs = cases.map(() => []);
try {
  for (let round = 0; round < rounds; round += 1)
    for (const [at, one] of cases.entries()) runs[at].push(await measure(one));
} finally {
  await server.remove();
}
const figures = runs.map((of) =>
  Object.fromEntries(Object.keys(of[0]).map((key) => [key, median(of.map((run) => run[key]))])),
);
const [empty, plain, first] = figures;
for (const [at, { product, name }] of cases.entries()) {
  const { web, network, own, pss } = figures[at];
  const tell = (about, value, unit) => report(`${name}: ${about}`, product, value, unit);
  tell("memory of all processes", pss, "MiB PSS");
  tell("of that the app's own process", own, "MiB PSS");
  tell("of that the web process", web, "MiB PSS");
  tell("of that the network process", network, "MiB PSS");
  if (at < 2) continue;
  tell("above the empty window", pss - empty.pss, "MiB PSS");
  tell("above the empty window painted without OpenGL", pss - plain.pss, "MiB PSS");
}
report("first paint", "empty window", empty.paint, "ms after process start");
report("first paint", "I-Chat", first.paint, "ms after process start");
report("first paint: times the empty window's", "I-Chat", first.paint / empty.paint, "×");
const build = await Build.make("app");
report("interface loaded at start, gzipped", "I-Chat", (await build.startBytes("JoinOptions")) / 1_000, "kB");
await build.remove();

function report(name, product, value, unit) {
  const rounded = Math.round(value * 100) / 100;
  process.stdout.write(`${JSON.stringify({ figure: "app", case: name, product, value: rounded, unit, rounds })}\n`);
}

async function measure({ binary, prepare, plainly }) {
  const data = await mkdtemp(join(tmpdir(), "ichat-bench-"));
  // Nothing reaches the network, and the empty window leaves nothing behind either.
  const env = { XDG_DATA_HOME: data, ICHAT_THIS_COMPUTER_ONLY: "true", ...(plainly ? { EMPTY_UNACCELERATED: "1" } : {}) };
  const app = await openApp({ binary, dataDir: data, display: process.env.DISPLAY, env });
  try {
    const { driver } = app;
    const painted = await driver.wait(() => driver.executeScript(firstPaint), withinMs);
    const paint = painted - (await startOf(app.pid));
    if (binary !== emptyBinary) await driver.wait(until.elementLocated(By.css("main, h1")), withinMs);
    await prepare?.(driver);
    await driver.sleep(settleMs);
    const memory = await memoryOf(await withDescendants(app.pid));
    return { paint, ...memory };
  } finally {
    await app.close();
    await rm(data, { recursive: true, force: true });
  }
}

async function host(driver) {
  await (await shown(driver, "//button[contains(., 'Host on this network')]")).click();
  await driver.wait(until.elementLocated(By.css("textarea")), withinMs);
}

async function joinsRoom(driver) {
  const field = await shown(driver, "//form[.//label[normalize-space()='Join by address']]//input");
  await field.sendKeys(server.url, Key.ENTER);
  await driver.wait(until.elementLocated(By.css("[role=log] article")), withinMs);
}

async function pagesUp(driver) {
  await joinsRoom(driver);
  await driver.manage().setTimeouts({ script: 10 * withinMs });
  const [paged, ms] = await driver.executeAsyncScript(pageUp, pages);
  if (paged !== pages) throw new Error(`only ${paged} of ${pages} pages came`);
  process.stderr.write(`${paged} pages in ${Math.round(ms)} ms\n`);
  await driver.sleep(collectedMs);
}

async function shown(driver, xpath) {
  const found = await driver.wait(until.elementLocated(By.xpath(xpath)), withinMs);
  return driver.wait(until.elementIsVisible(found), withinMs);
}

/** Runs in the page: when it was first painted, in milliseconds since the Unix epoch. */
function firstPaint() {
  const [paint] = performance.getEntriesByName("first-contentful-paint");
  return paint ? performance.timeOrigin + paint.startTime : null;
}

/** Runs in the page: goes to the top of what is there, again and again, as somebody does who looks for the beginning. */
function pageUp(most, done) {
  const log = document.querySelector("[role=log]");
  const first = () => log.querySelector("[data-message]")?.dataset.key;
  const began = performance.now();
  let paged = 0;
  let last = first();
  let still = 0;
  const step = () => {
    const now = first();
    still = now === last ? still + 1 : 0;
    if (now !== last) paged += 1;
    last = now;
    if (paged >= most || still > 600) return done([paged, performance.now() - began]);
    log.scrollTop = 0;
    requestAnimationFrame(step);
  };
  step();
}

function median(figures) {
  return figures.sort((a, b) => a - b)[Math.floor(figures.length / 2)];
}
