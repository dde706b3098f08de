/**
 * A desktop of the test's own, on which the app runs: a display with a window manager, a session bus, a notification server, a
 * tray that can be absent, and a screen reader. It records what the app shows there, and acts as the user does.
 */

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { Message, sessionBus } from "@jellybrick/dbus-next";
import { eventually } from "../foreign/server.mjs";
import { NotificationServer } from "./notification-server.mjs";
import { ScreenReader } from "./screen-reader.mjs";
import { saveScreenshot } from "./screenshots.mjs";
import { TrayHost } from "./tray-host.mjs";

/** The app's windows have this class. */
const windowClass = "chat.ichat.app";
/** The position of the close button that the window manager draws, from the upper right corner of the window's content. */
const closeButton = { fromRight: 10, above: 10 };

export class TestDesktop {
  #programs = [];
  #connection;
  #tray;
  #notifications;
  #screenReader;
  /** The variables by which programs find the desktop. */
  env;
  display;

  /** Starts a desktop, with a tray unless it is not wanted. */
  static async open({ tray = true } = {}) {
    const desktop = new TestDesktop();
    try {
      await desktop.#start();
      if (tray) await desktop.showsTray();
      return desktop;
    } catch (error) {
      await desktop.close();
      throw error;
    }
  }

  async #start() {
    const display = this.#spawn("Xvfb", ["-displayfd", "3", "-screen", "0", "1600x1000x24", "-nolisten", "tcp"]);
    this.display = `:${await firstLine(display.stdio[3])}`;
    // A socket in the file system belongs to no network namespace.
    const address = `--address=unix:dir=${tmpdir()}`;
    const bus = this.#spawn("dbus-daemon", ["--session", "--nofork", "--print-address", address]);
    const busAddress = await firstLine(bus.stdout);
    this.env = {
      DISPLAY: this.display,
      DBUS_SESSION_BUS_ADDRESS: busAddress,
      AT_SPI_BUS_ADDRESS: busAddress,
      GTK_THEME: "Adwaita",
    };
    this.#spawn("openbox", ["--sm-disable"], this.env);
    // It gives the focus only to windows that open after it has started. Keys would reach no other.
    await eventually("a window manager", () => this.#asksWindowManager("get_num_desktops"));
    this.#connection = sessionBus({ busAddress });
    this.#tray = new TrayHost(this.#connection);
    this.#notifications = new NotificationServer(this.#connection);
    this.#screenReader = new ScreenReader(this.#connection);
    this.#connection.addMethodHandler((message) => this.#answers(message));
    await this.#notifications.start();
    await this.#screenReader.start();
  }

  #spawn(program, args, env = {}) {
    const started = spawn(program, args, {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "ignore", "pipe"],
    });
    this.#programs.push(started);
    return started;
  }

  /** Answers a method call. Returns `false` if there is no such method. */
  #answers(message) {
    const methods = { ...this.#tray.methods, ...this.#notifications.methods, ...this.#screenReader.methods };
    const method = methods[`${message.interface}.${message.member}`];
    if (!method) return false;
    const result = method.call(...message.body);
    const body = result === undefined ? [] : [result];
    this.#connection.send(Message.newMethodReturn(message, method.signature ?? "", body));
    return true;
  }

  async close() {
    this.#connection?.disconnect();
    // In reverse: the display ends last.
    for (const program of this.#programs.reverse()) {
      if (program.exitCode === null && program.signalCode === null && program.kill()) await once(program, "exit");
    }
  }

  // The tray.

  /** Adds a tray to the desktop. */
  async showsTray() {
    await this.#tray.show();
  }

  /** Waits for an icon, and returns what is known about it. */
  async seesIcon() {
    return eventually("an icon in the tray", async () => (await this.#tray.icons())[0]);
  }

  async seesNoIcon() {
    await eventually("no icon in the tray", async () => (await this.#tray.icons()).length === 0);
  }

  async clicksIcon() {
    await this.#tray.click(await this.seesIcon());
  }

  /** Chooses an entry of the icon's menu. */
  async choosesInTray(label) {
    await this.#tray.choose(await this.seesIcon(), label);
  }

  // Notifications.

  /** Waits for a notification with this text on the screen, and returns it. */
  async seesNotification(text) {
    return eventually(`a notification “${text}”`, () =>
      this.#notifications.shown.find(({ body }) => body.includes(text)),
    );
  }

  async seesNoNotification() {
    await eventually("no notification", () => this.#notifications.shown.length === 0);
  }

  get shownNotifications() {
    return this.#notifications.shown;
  }

  clicksNotification(notification) {
    this.#notifications.click(notification);
  }

  // The window and its input devices.

  /** The variables for programs that only need the display. */
  get #environment() {
    return { ...process.env, DISPLAY: this.display };
  }

  #xdotool(...args) {
    return execFileSync("xdotool", args, { env: this.#environment, encoding: "utf8", stdio: "pipe" });
  }

  /** Returns the answer of the window manager, or `undefined` if there is none. */
  #asksWindowManager(question) {
    try {
      return this.#xdotool(question).trim();
    } catch {
      return undefined;
    }
  }

  /** Returns the ids of the app's windows on the screen. A hidden one is not among them. */
  #windows() {
    try {
      return this.#xdotool("search", "--onlyvisible", "--class", windowClass).trim().split("\n").filter(Boolean);
    } catch {
      return []; // Nothing was found.
    }
  }

  /** Waits until the window is on the screen and has the focus. */
  async seesWindow() {
    return eventually("the window, with the focus", () => {
      const active = this.#asksWindowManager("getactivewindow");
      return this.#windows().find((window) => window === active);
    });
  }

  async seesNoWindow() {
    await eventually("no window", () => this.#windows().length === 0);
  }

  /** Waits until the window shows a page: more colours than an empty one has. */
  async seesPage() {
    const window = await this.seesWindow();
    const colours = () =>
      execFileSync("import", ["-window", window, "-format", "%k", "info:-"], {
        env: this.#environment,
        encoding: "utf8",
      });
    await eventually("a page in the window", () => Number(colours()) > 10);
  }

  /** Returns the size of the window in pixels. */
  async windowSize() {
    return this.#size(await this.seesWindow());
  }

  /** Returns the size of a window without its frame. */
  #size(window) {
    const geometry = this.#xdotool("getwindowgeometry", "--shell", window);
    const [width, height] = ["WIDTH", "HEIGHT"].map((name) => Number(new RegExp(`${name}=(\\d+)`).exec(geometry)[1]));
    return { width, height };
  }

  /**
   * Clicks the close button in the window's frame. The window manager's key for it does the same, but is lost now and then
   * while the window is new.
   */
  closesWindow() {
    const [window] = this.#windows();
    const { width } = this.#size(window);
    const position = [String(width - closeButton.fromRight), String(-closeButton.above)];
    this.#xdotool("mousemove", "--window", window, "--", ...position, "click", "1");
  }

  /** Moves the pointer to a position in the window. */
  points({ x, y }) {
    this.#xdotool("mousemove", "--window", this.#windows()[0], String(x), String(y));
  }

  /** Clicks with a mouse button at a position in the window. */
  clicks(button, position) {
    this.points(position);
    this.#xdotool("click", String(button));
  }

  presses(...keys) {
    this.#xdotool("key", ...keys);
  }

  types(text) {
    this.#xdotool("type", text);
  }

  /** Watches a pixel of the screen. The returned function ends that, and returns the colours that it had, in order. */
  async watchesPixel(x, y) {
    const script = fileURLToPath(new URL("watch-pixel.py", import.meta.url));
    const watcher = spawn("python3", [script, String(x), String(y)], {
      env: this.#environment,
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#programs.push(watcher);
    let text = "";
    watcher.stdout.setEncoding("utf8").on("data", (chunk) => (text += chunk));
    await once(watcher.stdout, "data");
    return async () => {
      watcher.stdin.end();
      await once(watcher, "exit");
      return text.trim().split("\n");
    };
  }

  // The screen, as a screen reader and as a camera see it.

  /** Waits for an open menu, and returns the labels of its entries. */
  async readsMenu() {
    return eventually("a menu", async () => {
      const entries = (await this.#screenReader.read()).filter(({ role }) => role.includes("menu item"));
      return entries.length > 0 && entries.map(({ label }) => label);
    });
  }

  /** Returns whether a menu or a dialog of the window system shows a text. */
  async shows(text) {
    const elements = await this.#screenReader.read();
    return elements.some(({ label, text: content }) => label.includes(text) || content.includes(text));
  }

  async takesScreenshot(name) {
    const options = { env: this.#environment, maxBuffer: 2 ** 26 };
    await saveScreenshot(name, execFileSync("import", ["-window", "root", "png:-"], options));
  }
}

/** Reads the first line that a program writes to this stream. */
async function firstLine(stream) {
  let text = "";
  for await (const chunk of stream) {
    text += chunk;
    if (text.includes("\n")) return text.split("\n")[0];
  }
  throw new Error("the program has ended");
}
