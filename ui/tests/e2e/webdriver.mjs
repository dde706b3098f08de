/**
 * Starts the real app so that WebDriver can drive its window. Each app has a WebKitWebDriver process of its own, so several can
 * run side by side, each in a network namespace if requested.
 */

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { access, rm } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Builder, Capabilities } from "selenium-webdriver";

import { eventually, freePort } from "../foreign/server.mjs";

const yes = () => true;
const no = () => false;

/**
 * Starts the app and waits until its window can be driven.
 *
 * @param {object} options
 * @param {string} options.binary the app
 * @param {string} options.dataDir its data folder; two apps need two
 * @param {string} options.display the X display: `:99`
 * @param {string} [options.netns] the network namespace for the app and the driver, created by the caller (needs root)
 * @param {Record<string, string>} [options.env] additional environment variables, such as DBUS_SESSION_BUS_ADDRESS: without a
 *   session bus there are no notifications and no tray
 * @param {(text: string) => void} [options.log] receives the output of the app and its driver
 * @returns {Promise<{
 *   driver: import("selenium-webdriver").WebDriver,
 *   pid: number,
 *   isRunning: () => Promise<boolean>,
 *   ended: () => Promise<void>,
 *   close: () => Promise<void>,
 *   kill: () => Promise<void>,
 * }>} `ended` waits until the app ends, `close` quits the app gracefully, `kill` kills it
 */
export async function openApp({ binary, dataDir, display, netns, env = {}, log }) {
  const variables = {
    ...env,
    DISPLAY: display,
    ICHAT_DATA: dataDir,
    TAURI_AUTOMATION: "true",
    TAURI_WEBVIEW_AUTOMATION: "true",
  };
  const { address, pid: driverPid, end } = await startWebDriver({ netns, env: variables, log });
  try {
    const driver = await new Builder()
      .usingServer(address)
      .withCapabilities(new Capabilities({ browserName: "wry", "webkitgtk:browserOptions": { binary, args: [] } }))
      .build();
    const [pid] = await childrenOf(driverPid);
    return {
      driver,
      pid,
      isRunning: () => isRunning(pid),
      ended: () => eventually("the app has ended", async () => !(await isRunning(pid))),
      // Quitting the WebDriver session would only close the window, upon which an app that hosts asks what to do.
      close: () => end("SIGTERM"),
      kill: () => end("SIGKILL"),
    };
  } catch (error) {
    await end("SIGKILL");
    throw error;
  }
}

/**
 * Starts a WebKitWebDriver process and waits until it listens.
 *
 * @param {object} [options]
 * @param {string} [options.netns] the network namespace for the driver and what it starts
 * @param {Record<string, string>} [options.env] additional environment variables
 * @param {(text: string) => void} [options.log] receives the output of the driver and of what it starts
 * @returns {Promise<{ address: string, pid: number, end: (signal: string) => Promise<void> }>} `end` first ends what the driver
 *   has started, with the signal
 */
export async function startWebDriver({ netns, env = {}, log } = {}) {
  const port = await freePort();
  const webdriver = run(netns, ["WebKitWebDriver", `--port=${port}`, "--host=127.0.0.1"], log, env);
  const forward = netns ? await forwardPort(netns, port, log) : undefined;
  const address = `http://127.0.0.1:${forward?.port ?? port}`;
  const end = async (signal) => {
    for (const child of await childrenOf(webdriver.pid)) await ended(child, signal);
    // After its children, which would be orphaned otherwise.
    await ended(webdriver.pid, "SIGTERM");
    await forward?.close();
  };
  try {
    await listening(address);
    return { address, pid: webdriver.pid, end };
  } catch (error) {
    await end("SIGKILL");
    throw error;
  }
}

/** Starts a program, in a network namespace if one is given. */
function run(netns, command, log, env = {}) {
  const [program, ...args] = netns ? ["ip", "netns", "exec", netns, ...command] : command;
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => log?.(text));
  return child;
}

/**
 * Forwards a local port to a port on the loopback interface of a namespace. The connection passes through a Unix socket, which
 * is in the file system and belongs to no network namespace.
 */
async function forwardPort(netns, port, log) {
  const path = join(tmpdir(), `ichat-webdriver-${process.pid}-${port}.sock`);
  const relay = `
    const { connect, createServer } = require("node:net");
    createServer((from) => {
      const to = connect(${port}, "127.0.0.1");
      from.pipe(to).pipe(from);
      for (const [end, other] of [[from, to], [to, from]]) end.on("error", () => other.destroy());
    }).listen(${JSON.stringify(path)});`;
  const inner = run(netns, [process.execPath, "-e", relay], log);
  await eventually(`a connection into ${netns}`, () => access(path).then(yes, no));
  const sockets = new Set();
  const outer = createServer((from) => {
    const to = connect(path);
    from.pipe(to).pipe(from);
    for (const [end, other] of [
      [from, to],
      [to, from],
    ]) {
      sockets.add(end);
      end.on("error", () => other.destroy()).on("close", () => sockets.delete(end));
    }
  });
  outer.listen(0, "127.0.0.1");
  await once(outer, "listening");
  return {
    port: outer.address().port,
    async close() {
      for (const socket of sockets) socket.destroy();
      outer.close();
      await ended(inner.pid, "SIGTERM");
      await rm(path, { force: true });
    },
  };
}

async function listening(address) {
  await eventually(`WebKitWebDriver listens on ${address}`, () =>
    fetch(`${address}/status`, { signal: AbortSignal.timeout(1_000) }).then((response) => response.ok, no),
  );
}

async function childrenOf(pid) {
  const listed = await promisify(execFile)("ps", ["-o", "pid=", "--ppid", String(pid)]).catch(() => ({ stdout: "" }));
  return listed.stdout.split(/\s+/).filter(Boolean).map(Number);
}

async function ended(pid, signal) {
  signalTo(pid, signal);
  await eventually(`process ${pid} has ended`, async () => !(await isRunning(pid))).catch((error) => {
    signalTo(pid, "SIGKILL");
    throw error;
  });
}

function signalTo(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (error.code !== "ESRCH") throw error;
  }
}

/** Returns whether a process runs. A zombie doesn't. */
async function isRunning(pid) {
  const state = await promisify(execFile)("ps", ["-o", "stat=", "-p", String(pid)]).catch(() => ({ stdout: "" }));
  return state.stdout.trim() !== "" && !state.stdout.startsWith("Z");
}
