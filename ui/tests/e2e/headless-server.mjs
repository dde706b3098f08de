/** The server without a window, on a computer of its own. */

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { clearDisk, fillDisk, hardy, program } from "../foreign/server.mjs";

/** Listens on the usual port, and announces itself on the network. */
export async function hostsWithoutWindow(computer, name) {
  const host = new Headless(computer, await mkdtemp(join(tmpdir(), "ichat-headless-")), name);
  host.up();
  return host;
}

class Headless {
  #computer;
  #folder;
  #name;
  #process;
  #backups = 0;

  constructor(computer, folder, name) {
    this.#computer = computer;
    this.#folder = folder;
    this.#name = name;
  }

  get address() {
    return `${this.#computer.address}:4242`;
  }

  get #data() {
    return join(this.#folder, "data");
  }

  /** Starts it, again or for the first time, with the data that it had. */
  up() {
    const server = [program, "--data", this.#data, "--name", this.#name];
    this.#process = spawn("ip", ["netns", "exec", this.#computer.netns, ...hardy, ...server], { stdio: "ignore" });
  }

  /** Ends it: `SIGTERM` asks, `SIGKILL` doesn't. */
  async down(signal = "SIGTERM") {
    if (this.#process.kill(signal)) await once(this.#process, "exit");
  }

  /** From now on nothing can be written, as if the disk were full. */
  fillsDisk() {
    fillDisk(this.#process.pid);
  }

  /** There is room on the disk again. */
  clearsDisk() {
    clearDisk(this.#process.pid);
  }

  /** Copies its history while it runs, and gives the file. */
  backsUp() {
    this.#backups += 1;
    const file = join(this.#folder, `backup-${this.#backups}`);
    execFileSync(program, ["backup", "--data", this.#data, file], { stdio: "ignore" });
    return file;
  }

  /** Puts a backup in the place of its history. It must be down. */
  restores(file) {
    execFileSync(program, ["restore", "--data", this.#data, file], { stdio: "ignore" });
  }

  async remove() {
    await this.down("SIGKILL");
    await rm(this.#folder, { recursive: true, force: true });
  }
}
