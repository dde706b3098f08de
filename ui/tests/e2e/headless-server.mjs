/** The server without a window, on a host of its own. */

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { clearDisk, fillDisk, ignoreFileSizeSignal, program } from "../foreign/server.mjs";

/** A server process that listens on the default port and announces itself on its network. */
export class HeadlessServer {
  #host;
  #folder;
  #name;
  #process;
  #backups = 0;

  /** Starts a server with an empty data folder. */
  static async launch(host, name) {
    const server = new HeadlessServer();
    server.#host = host;
    server.#folder = await mkdtemp(join(tmpdir(), "ichat-headless-"));
    server.#name = name;
    server.start();
    return server;
  }

  get address() {
    return `${this.#host.address}:4242`;
  }

  get #data() {
    return join(this.#folder, "data");
  }

  /** Starts the server on its data folder. */
  start() {
    const server = [program, "--data", this.#data, "--name", this.#name];
    const command = ["netns", "exec", this.#host.netns, ...ignoreFileSizeSignal, ...server];
    this.#process = spawn("ip", command, { stdio: "ignore" });
  }

  /** Stops the server: gracefully by `SIGTERM`, at once by `SIGKILL`. */
  async stop(signal = "SIGTERM") {
    if (this.#process.kill(signal)) await once(this.#process, "exit");
  }

  fillDisk() {
    fillDisk(this.#process.pid);
  }

  clearDisk() {
    clearDisk(this.#process.pid);
  }

  /** Backs up the data while the server runs, and returns the file. */
  backUp() {
    this.#backups += 1;
    const file = join(this.#folder, `backup-${this.#backups}`);
    execFileSync(program, ["backup", "--data", this.#data, file], { stdio: "ignore" });
    return file;
  }

  /** Replaces the data of a stopped server by a backup. */
  restore(file) {
    execFileSync(program, ["restore", "--data", this.#data, file], { stdio: "ignore" });
  }

  async remove() {
    await this.stop("SIGKILL");
    await rm(this.#folder, { recursive: true, force: true });
  }
}
