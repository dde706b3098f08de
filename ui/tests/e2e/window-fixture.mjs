/** Ada's computer, with the app on a desktop of its own, and a second computer in her network. */

import { strict as assert } from "node:assert";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serverUnavailable } from "../foreign/server.mjs";
import { AppWindow, windowUnavailable } from "./app-window.mjs";
import { HeadlessServer } from "./headless-server.mjs";
import { createTwoHosts, namespacesUnavailable } from "./network-namespaces.mjs";
import { isInstalled } from "./programs.mjs";
import { skipReason } from "./skip.mjs";
import { TestDesktop } from "./test-desktop.mjs";

const cli = process.env.ICHAT_CLI_BIN;
/** The programs that the desktop consists of, and those that look at it. */
const programs = ["Xvfb", "dbus-daemon", "openbox", "xdotool", "import", "python3"];
const missingProgram = programs.find((program) => !isInstalled(program));

/** The reason to skip the tests, or `false`. */
export const skip = skipReason(
  windowUnavailable,
  serverUnavailable,
  namespacesUnavailable,
  !cli && "ICHAT_CLI_BIN does not name the command-line client",
  missingProgram !== undefined && `there is no ${missingProgram} on this system`,
);

export class WindowFixture {
  network;
  desktop;
  /** Ada's window, once it is open. */
  ada;
  /** A folder for what the programs store. */
  folder;
  #programs = [];
  #servers = [];

  static async create(options) {
    const fixture = new WindowFixture();
    try {
      fixture.folder = await mkdtemp(join(tmpdir(), "ichat-window-"));
      fixture.network = createTwoHosts();
      fixture.desktop = await TestDesktop.open(options);
      return fixture;
    } catch (error) {
      await fixture.remove();
      throw error;
    }
  }

  async remove() {
    await this.ada?.remove();
    await this.endsPrograms();
    for (const server of this.#servers.splice(0)) await server.remove();
    await this.desktop?.close();
    this.network?.remove();
    // WebKit's helper processes may write to the folder for a moment after the app has ended.
    if (this.folder) await rm(this.folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }

  /** Opens the app with an empty data folder, and with these environment variables besides those of the desktop. */
  async opens(env = {}) {
    const { desktop, network } = this;
    this.ada = await AppWindow.open(network.first, { env: { ...desktop.env, ...env }, display: desktop.display });
    await desktop.seesWindow();
    return this.ada;
  }

  /** Opens the app and hosts. Returns the address. */
  async hosts(env) {
    const ada = await this.opens(env);
    await ada.setsName("Ada");
    await ada.hosts();
    return ada.sharedAddress();
  }

  /** Starts a server without a window on the other computer, until the end of the fixture. */
  async serves(name) {
    const server = await HeadlessServer.launch(this.network.second, name);
    this.#servers.push(server);
    return server;
  }

  /** Runs a program on a host until the end of the fixture, and collects what it prints. */
  runs(host, command, env = {}) {
    const child = spawn("ip", ["netns", "exec", host.netns, ...command], {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const program = { process: child, output: "", ended: once(child, "exit") };
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => (program.output += text));
    }
    this.#programs.push(program);
    return program;
  }

  async endsPrograms() {
    for (const program of this.#programs.splice(0)) {
      // Not by a signal that the program could ignore: a test that failed has to end.
      program.process.kill("SIGKILL");
      await program.ended;
    }
  }

  /** Connects Gus, whose client prints what he receives, to the server at this address. */
  async joins(address) {
    const gus = this.runs(this.network.second, [cli, "--data", this.#data("gus"), "--name", "Gus", "tail", address]);
    await this.ada.seesHereNow("Gus");
    return gus;
  }

  /** Posts a message from the other computer. */
  posts(address, text) {
    const command = [cli, "--data", this.#data("bot"), "--name", "Bot", "say", address, text];
    const { netns } = this.network.second;
    const { status, stderr } = spawnSync("ip", ["netns", "exec", netns, ...command], { encoding: "utf8" });
    assert.equal(status, 0, stderr);
  }

  #data(name) {
    return join(this.folder, name);
  }
}
