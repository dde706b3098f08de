/**
 * A real server for a test: the program that `ICHAT_SERVER_BIN` names, on a port and a data folder of its own.
 *
 *   cargo build -p ichat-server
 *   ICHAT_SERVER_BIN=../target/debug/ichat-server node --test tests/foreign/
 */

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const program = process.env.ICHAT_SERVER_BIN;
/** Why there is nothing to test, for `{ skip }`. */
export const skip = program ? false : "ICHAT_SERVER_BIN does not name a server";

const upWithinMs = 20_000;

/** Stands ahead of a program: where a file may not grow, writing fails, as it does on a full disk, instead of ending it. */
export const hardy = ["sh", "-c", `trap "" XFSZ; exec "$0" "$@"`];

/** From now on this process can write nothing, as if the disk were full. */
export function fillDisk(pid) {
  execFileSync("prlimit", ["--pid", pid, "--fsize=0:unlimited"]);
}

/** There is room on the disk again. */
export function clearDisk(pid) {
  execFileSync("prlimit", ["--pid", pid, "--fsize=unlimited:unlimited"]);
}

export class Server {
  #data;
  #port;
  #flags;
  #process;
  #log = "";

  static async start(...flags) {
    const server = new Server();
    server.#data = await mkdtemp(join(tmpdir(), "ichat-foreign-"));
    server.#port = await freePort();
    server.#flags = flags;
    await server.up();
    return server;
  }

  get url() {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Starts it, again or for the first time, with the data that it had. */
  async up() {
    const listen = ["--listen", `127.0.0.1:${this.#port}`, "--data", this.#data, "--no-announce"];
    const [shell, ...command] = [...hardy, program, ...listen, ...this.#flags];
    const started = spawn(shell, command, { stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [started.stdout, started.stderr]) stream.on("data", (text) => (this.#log += text));
    this.#process = started;
    await eventually("the server answers", upWithinMs, async () => {
      if (started.exitCode !== null) throw new Error(`the server ended with ${started.exitCode}:\n${this.#log}`);
      return (await fetch(`${this.url}/healthz`).catch(() => undefined))?.ok;
    });
  }

  /** From now on nothing can be written, as if the disk were full. */
  fillsDisk() {
    fillDisk(this.#process.pid);
  }

  /** There is room on the disk again. */
  clearsDisk() {
    clearDisk(this.#process.pid);
  }

  /** Ends it: `SIGTERM` asks, `SIGKILL` doesn't. */
  async down(signal = "SIGTERM") {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, "exit");
    this.#process.kill(signal);
    await ended;
  }

  /** Ends it, and throws its data away: what comes up next is another server at the same address. */
  async remove() {
    await this.down("SIGKILL");
    await rm(this.#data, { recursive: true, force: true });
  }
}

/** Asks until the answer is truthy, and returns it. */
export async function eventually(what, withinMs, ask) {
  for (const end = Date.now() + withinMs; ;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`not within ${withinMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function freePort() {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address();
  probe.close();
  await once(probe, "close");
  return port;
}
