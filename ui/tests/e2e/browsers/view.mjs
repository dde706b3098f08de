/** A tab as a person sees it, and the points where they press. Everything is awaited; nothing is timed. */

import { eventually, guardMs } from "../../foreign/server.mjs";
import { saveScreenshot } from "../screenshots.mjs";
import { viewScript } from "./view-script.mjs";

/** Makes a target that can be sent to the page. */
function plain(target) {
  return JSON.parse(
    JSON.stringify(target, (_key, value) =>
      value instanceof RegExp ? { source: value.source, flags: value.flags } : value,
    ),
  );
}

export function describeTarget(target) {
  const { role, name, text, hasText, within } = target;
  const what = [role ?? "text", name ?? text, hasText && `with ${hasText}`].filter(Boolean).join(" ");
  return within ? `${what} in ${describeTarget(within)}` : what;
}

export class View {
  /** The tab, for what this class has no method for. */
  tab;
  #script = viewScript();

  constructor(tab) {
    this.tab = tab;
  }

  /** Calls a function of `view-script.mjs` in the page. A page that has just been loaded gets the script first. */
  query(method, ...args) {
    return this.#call(method, args, false);
  }

  /** Calls a function as soon as the page has drawn what there is to draw. */
  settled(method, ...args) {
    return this.#call(method, args, true);
  }

  async #call(method, args, settles) {
    const call = async ([name, list, first]) => {
      const view = globalThis.ichatView;
      if (view && first) await view.settles();
      return view ? { value: await view[name](...list) } : null;
    };
    const input = [method, args.map((arg) => (arg === undefined ? null : plain(arg))), settles];
    for (const deadline = Date.now() + guardMs; ;) {
      // While another page is being loaded, there is no answer.
      try {
        const answer = await this.tab.evaluate(call, input);
        if (answer) return answer.value;
        await this.tab.run(this.#script);
      } catch (error) {
        if (!this.tab.isNavigationError(error) || Date.now() > deadline) throw error;
      }
    }
  }

  /** Waits for a condition. A failure says what is on the screen, and keeps a picture of it. */
  async waits(condition, poll, limitMs = guardMs) {
    try {
      return await eventually(
        condition,
        async () => {
          // While a page is being loaded, it can't answer.
          try {
            return await poll();
          } catch (error) {
            if (!this.tab.isNavigationError(error)) throw error;
            return undefined;
          }
        },
        limitMs,
      );
    } catch (error) {
      const name = `failed-${condition.replaceAll(/\W+/g, "-").slice(0, 60)}`;
      await this.tab.screenshot().then(
        (png) => saveScreenshot(name, png),
        () => undefined,
      );
      const text = await this.tab.evaluate(() => document.body.innerText).catch(() => "nothing");
      throw new Error(`${error.message}\non the screen (${name}.png):\n${text.slice(-3000)}`, { cause: error });
    }
  }

  /** Waits until an element is shown, wherever it is scrolled to. */
  sees(target) {
    return this.waits(`${describeTarget(target)} is shown`, async () => (await this.query("count", target)) > 0);
  }

  /** Waits until an element is completely visible, without anything over it. */
  seesInSight(target) {
    return this.waits(`${describeTarget(target)} is in sight`, () => this.query("isInSight", target));
  }

  seesGone(target) {
    return this.waits(`${describeTarget(target)} is gone`, async () => (await this.query("count", target)) === 0);
  }

  async shows(target) {
    return (await this.query("count", target)) > 0;
  }

  /** Waits until a mouse or a finger can press an element, which has stopped moving, and returns the point. */
  async point(target) {
    let problem;
    return this.waits(`${describeTarget(target)} can be pressed`, async () => {
      const point = await this.query("stillPoint", target);
      problem = point.problem;
      return !problem && point;
    }).catch((error) => {
      throw new Error(problem ? `${problem}: ${error.message}` : error.message, { cause: error });
    });
  }

  /** Waits until something has the focus: never is it lost to the page as a whole. */
  keepsFocus() {
    return this.waits("something has the focus", async () => !(await this.query("focus")).isBody);
  }
}
