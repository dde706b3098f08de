/**
 * A tab in WebKitGTK's MiniBrowser, driven by WebKitWebDriver. It needs a display. A session has a profile of its own and one
 * window, so tabs follow one another: each test has a server at another address, and so another origin.
 */

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { Builder, Capabilities, Key, Origin } from "selenium-webdriver";
import { isInstalled } from "../programs.mjs";
import { startWebDriver } from "../webdriver.mjs";
import { typedKeys } from "./key-names.mjs";

const miniBrowser = process.env.ICHAT_MINIBROWSER ?? findMiniBrowser();

/** The reason to skip tests that need WebKit, or `false`. */
export const webkitUnavailable =
  (!miniBrowser && "WebKit’s MiniBrowser is not installed (ICHAT_MINIBROWSER names one)") ||
  (!isInstalled("WebKitWebDriver") && "there is no WebKitWebDriver on this system") ||
  (!process.env.DISPLAY && "there is no display: run this under `xvfb-run -a`");

function findMiniBrowser() {
  return ["/usr/lib", "/usr/lib64", "/usr/libexec"]
    .filter(existsSync)
    .flatMap((folder) => ["", ...readdirSync(folder)].map((name) => join(folder, name, "webkit2gtk-4.1/MiniBrowser")))
    .find(existsSync);
}

export class WebKit {
  #driver;
  #process;

  static async open() {
    const webkit = new WebKit();
    webkit.#process = await startWebDriver();
    const options = { binary: miniBrowser, args: ["--automation"] };
    webkit.#driver = await new Builder()
      .usingServer(webkit.#process.address)
      .withCapabilities(new Capabilities({ browserName: "MiniBrowser", "webkitgtk:browserOptions": options }))
      .build();
    return webkit;
  }

  async opensTab({ width = 1280, height = 800 } = {}) {
    await this.#driver.manage().window().setRect({ x: 0, y: 0, width, height });
    return new WebKitTab(this.#driver);
  }

  async close() {
    await this.#driver.quit();
    await this.#process.end("SIGTERM");
  }
}

class WebKitTab {
  #driver;

  constructor(driver) {
    this.#driver = driver;
  }

  /** The errors that the page has reported since the view's script is in it. */
  get problems() {
    return this.#driver.executeScript(() => globalThis.ichatView?.problems() ?? []);
  }

  goto(url) {
    return this.#driver.get(url);
  }

  reload() {
    return this.#driver.navigate().refresh();
  }

  evaluate(run, argument) {
    return this.#driver.executeScript(run, argument);
  }

  run(script) {
    return this.#driver.executeScript(script);
  }

  isNavigationError(error) {
    return /JavascriptError|NoSuchWindow|UnknownError|StaleElement/.test(error.name);
  }

  #actions() {
    return this.#driver.actions({ async: true });
  }

  #moved({ x, y }) {
    return this.#actions().move({ x: Math.round(x), y: Math.round(y), origin: Origin.VIEWPORT, duration: 0 });
  }

  hover(point) {
    return this.#moved(point).perform();
  }

  click(point) {
    return this.#moved(point).click().perform();
  }

  wheel({ x, y }, distance) {
    return this.#actions().scroll(Math.round(x), Math.round(y), 0, distance, Origin.VIEWPORT).perform();
  }

  /** Presses keys together, such as `Control+Shift+U`. */
  async press(keys) {
    const { modifiers, key } = typedKeys(keys);
    const actions = this.#actions();
    for (const modifier of modifiers) actions.keyDown(keyOf(modifier));
    actions.keyDown(keyOf(key)).keyUp(keyOf(key));
    for (const modifier of modifiers.reverse()) actions.keyUp(keyOf(modifier));
    await actions.perform();
  }

  type(text) {
    return this.#actions().sendKeys(text).perform();
  }

  resize(width, height) {
    return this.#driver.manage().window().setRect({ width, height });
  }

  async screenshot() {
    return Buffer.from(await this.#driver.takeScreenshot(), "base64");
  }

  async close() {
    await this.#driver.get("about:blank");
  }
}

function keyOf(name) {
  const known = {
    Control: Key.CONTROL,
    Shift: Key.SHIFT,
    Alt: Key.ALT,
    Enter: Key.ENTER,
    Escape: Key.ESCAPE,
    Tab: Key.TAB,
    Space: Key.SPACE,
    Backspace: Key.BACK_SPACE,
    Delete: Key.DELETE,
    Home: Key.HOME,
    End: Key.END,
    PageUp: Key.PAGE_UP,
    PageDown: Key.PAGE_DOWN,
    ArrowUp: Key.ARROW_UP,
    ArrowDown: Key.ARROW_DOWN,
    ArrowLeft: Key.ARROW_LEFT,
    ArrowRight: Key.ARROW_RIGHT,
    F6: Key.F6,
  };
  return known[name] ?? name;
}
