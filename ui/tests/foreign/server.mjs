/**
 * A real server for tests: the program that `ICHAT_SERVER_BIN` names, with a port and a data folder of its own.
 *
 *   cargo build -p ichat-server
 *   ICHAT_SERVER_BIN=../target/debug/ichat-server node --test tests/foreign/
 */

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const program = process.env.ICHAT_SERVER_BIN;
/** The reason to skip tests that need a server, or `false`. */
export const serverUnavailable = program ? false : "ICHAT_SERVER_BIN does not name a server";

/** The limit of every wait. A condition that takes longer never comes true. While one writes a test, a shorter one saves time. */
export const guardMs = Number(process.env.ICHAT_GUARD_MS ?? 60_000);
const startTimeoutMs = 20_000;

/**
 * A command prefix that ignores SIGXFSZ. Writing beyond the file size limit then fails, as it does on a full disk, instead of
 * ending the program.
 */
export const ignoreFileSizeSignal = ["sh", "-c", `trap "" XFSZ; exec "$0" "$@"`];

/** Makes all writes of a process fail, as if the disk were full. */
export function fillDisk(pid) {
  execFileSync("prlimit", ["--pid", pid, "--fsize=0:unlimited"]);
}

export function clearDisk(pid) {
  execFileSync("prlimit", ["--pid", pid, "--fsize=unlimited:unlimited"]);
}

export class Server {
  #data;
  #port;
  #flags;
  #process;
  #log = "";

  /** Starts a server with an empty data folder. */
  static launch(...flags) {
    return Server.#make(flags);
  }

  /** Starts a server on a copy of the data of another one, which is stopped. */
  static launchCopy(original, ...flags) {
    return Server.#make(flags, original);
  }

  /** Starts a server with an empty data folder at the port of another one, which is stopped. */
  static launchAt(port, ...flags) {
    return Server.#make(flags, undefined, port);
  }

  static async #make(flags, original, port) {
    const server = new Server();
    server.#data = await mkdtemp(join(tmpdir(), "ichat-foreign-"));
    if (original) await cp(original.#data, server.#data, { recursive: true });
    server.#port = port ?? (await freePort());
    server.#flags = flags;
    await server.start();
    return server;
  }

  get port() {
    return this.#port;
  }

  get url() {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Starts the server on its port and data folder, and waits until it answers. */
  async start() {
    const listen = ["--listen", `127.0.0.1:${this.#port}`, "--data", this.#data, "--no-announce"];
    const [shell, ...command] = [...ignoreFileSizeSignal, program, ...listen, ...this.#flags];
    const started = spawn(shell, command, { stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [started.stdout, started.stderr]) stream.on("data", (text) => (this.#log += text));
    this.#process = started;
    await eventually(
      "the server answers",
      async () => {
        if (started.exitCode !== null) throw new Error(`the server ended with ${started.exitCode}:\n${this.#log}`);
        return (await fetch(`${this.url}/healthz`).catch(() => undefined))?.ok;
      },
      startTimeoutMs,
    );
  }

  fillDisk() {
    fillDisk(this.#process.pid);
  }

  clearDisk() {
    clearDisk(this.#process.pid);
  }

  /** Stops the server: gracefully by `SIGTERM`, at once by `SIGKILL`. */
  async stop(signal = "SIGTERM") {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, "exit");
    this.#process.kill(signal);
    await ended;
  }

  /** Kills the server and deletes its data. If it is started again, it is another server at the same address. */
  async remove() {
    await this.stop("SIGKILL");
    await rm(this.#data, { recursive: true, force: true });
  }
}

/** Polls until the result is truthy, and returns it. */
export async function eventually(condition, poll, limitMs = guardMs) {
  for (const deadline = Date.now() + limitMs; ;) {
    const result = await poll();
    if (result) return result;
    if (Date.now() > deadline) throw new Error(`not within ${limitMs} ms: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Returns a port that no program listens on. */
export async function freePort() {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address();
  probe.close();
  await once(probe, "close");
  return port;
}
