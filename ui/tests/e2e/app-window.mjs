/** The desktop app in its real window, on a host of its own. */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AppPage } from "./app-page.mjs";
import { isInstalled, pageProcesses } from "./programs.mjs";
import { openApp } from "./webdriver.mjs";

const binary = process.env.ICHAT_BIN;

/** The reason to skip tests that need the app's window, or `false`. */
export const windowUnavailable =
  (!binary && "ICHAT_BIN does not name the app") ||
  (!process.env.DISPLAY && "there is no display: run this under `xvfb-run -a dbus-run-session --`") ||
  (!isInstalled("WebKitWebDriver") && "there is no WebKitWebDriver on this system");

export class AppWindow extends AppPage {
  #app;
  #data;
  #host;
  #env;
  #display;
  #frozen = [];
  #log = "";

  /** Starts the app with an empty data folder, and with these environment variables besides those of the test. */
  static async open(host, { env = {}, display = process.env.DISPLAY } = {}) {
    const window = new AppWindow();
    window.#host = host;
    window.#env = env;
    window.#display = display;
    window.#data = await mkdtemp(join(tmpdir(), "ichat-app-"));
    try {
      await window.starts();
      return window;
    } catch (error) {
      await window.remove();
      throw error;
    }
  }

  async starts() {
    // A case that failed may have left one.
    await this.crashes();
    this.#app = await openApp({
      binary,
      dataDir: this.#data,
      display: this.#display,
      netns: this.#host.netns,
      env: this.#env,
      log: (text) => (this.#log += text),
    });
    await this.#app.driver.manage().window().setRect({ width: 1280, height: 800 });
  }

  /** Ends the app by SIGTERM, upon which it doesn't ask. */
  async quits() {
    const app = this.#app;
    this.#app = undefined;
    await app?.close();
  }

  /** Kills the app. */
  async crashes() {
    const app = this.#app;
    this.#app = undefined;
    await app?.kill();
    for (const pid of this.#frozen.splice(0)) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It has ended with the app.
      }
    }
  }

  /** Kills the app and deletes its data. */
  async remove() {
    await this.crashes();
    // WebKit's helper processes may write to the folder for a moment after the app has ended.
    await rm(this.#data, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }

  get log() {
    return this.#log;
  }

  get driver() {
    return this.#app.driver;
  }

  get dataDir() {
    return this.#data;
  }

  get pid() {
    return this.#app.pid;
  }

  /** Waits until the app has ended, and what was started with it. */
  async ends() {
    await this.#app.ended();
    await this.quits();
  }

  /** Returns whether the app has ended. */
  async hasEnded() {
    return !(await this.#app.isRunning());
  }

  /** Stops the process that draws the page from responding. */
  freezesPage() {
    this.#frozen = pageProcesses(this.pid);
    for (const pid of this.#frozen) process.kill(pid, "SIGSTOP");
  }
}
