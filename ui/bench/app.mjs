// What the app costs: from the start of the process to the first paint, and the memory of all its processes
// (proportional set size, so that shared pages count once), on the first screen and while it hosts a server. Run with a
// display, by `cargo xtask bench app`.

import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { By, until } from "selenium-webdriver";

import { openApp } from "../tests/e2e/window.mjs";

const binary = process.env.ICHAT_BIN;
if (!binary) throw new Error("ICHAT_BIN has to name the app's release build: run this by `cargo xtask bench app`");
const rounds = process.argv.includes("--quick") ? 1 : 5;
const WITHIN_MS = 30_000;

const states = [{ name: "first run" }, { name: "hosting", prepare: host }];

for (const state of states) {
  const runs = [];
  for (let round = 0; round < rounds; round += 1) runs.push(await measure(state));
  const figures = Object.fromEntries(Object.keys(runs[0]).map((key) => [key, median(runs.map((run) => run[key]))]));
  process.stdout.write(`${JSON.stringify({ figure: "app", state: state.name, rounds, ...figures })}\n`);
}

async function measure({ prepare }) {
  const dataDir = await mkdtemp(join(tmpdir(), "ichat-bench-"));
  const app = await openApp({ binary, dataDir, display: process.env.DISPLAY });
  try {
    await app.driver.wait(until.elementLocated(By.css("main, h1")), WITHIN_MS);
    const paint = await app.driver.wait(() => app.driver.executeScript(firstPaint), WITHIN_MS);
    await prepare?.(app.driver);
    const first_paint_ms = Math.round(paint - (await startOf(app.pid)));
    const pss = await memoryOf(await withDescendants(app.pid));
    return { first_paint_ms, ...pss };
  } finally {
    await app.close();
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function host(driver) {
  const button = await driver.wait(
    until.elementLocated(By.xpath("//button[contains(., 'Host on this network')]")),
    WITHIN_MS,
  );
  await button.click();
  await driver.wait(until.elementLocated(By.css("textarea")), WITHIN_MS);
}

/** Runs in the page: when it was first painted, in milliseconds since the Unix epoch. */
function firstPaint() {
  const [paint] = performance.getEntriesByName("first-contentful-paint");
  return paint ? performance.timeOrigin + paint.startTime : null;
}

/** When a process was started, in milliseconds since the Unix epoch, to the kernel's tick of 10 ms (proc(5)). */
async function startOf(pid) {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  const ticks = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]);
  const uptime = Number((await readFile("/proc/uptime", "utf8")).split(" ")[0]);
  return Date.now() - uptime * 1_000 + ticks * 10;
}

async function withDescendants(pid) {
  const { stdout } = await promisify(execFile)("ps", ["-e", "-o", "pid=,ppid="]);
  const pairs = stdout
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number));
  const all = [pid];
  for (const parent of all) all.push(...pairs.filter(([, ppid]) => ppid === parent).map(([child]) => child));
  return all;
}

async function memoryOf(pids) {
  const sizes = await Promise.all(
    pids.map(async (pid) => {
      const rollup = await readFile(`/proc/${pid}/smaps_rollup`, "utf8");
      return Number(/^Pss:\s+(\d+) kB/m.exec(rollup)[1]) / 1024;
    }),
  );
  return {
    processes: pids.length,
    pss_mib: Math.round(sizes.reduce((sum, size) => sum + size, 0)),
    own_pss_mib: Math.round(sizes[0]),
  };
}

function median(figures) {
  return figures.sort((a, b) => a - b)[Math.floor(figures.length / 2)];
}
