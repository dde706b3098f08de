/** The toasts that a page has shown. A busy machine may look for one only after it has disappeared, so the page records them. */

import { eventually } from "../foreign/server.mjs";

export class ToastLog {
  #shown = [];

  /** Records the toasts of a page, also after it was loaded again. */
  static async of(page) {
    const log = new ToastLog();
    await page.exposeFunction("recordToast", (toast) => void log.#shown.push(toast));
    await page.addInitScript(record);
    await page.evaluate(record);
    return log;
  }

  /** Waits until a toast has been shown whose text matches, and returns its `text` and `box`. */
  async sees(pattern) {
    return eventually(`a toast ${pattern}`, () => this.all(pattern)[0]);
  }

  /** Returns all toasts whose text matches, in order. */
  all(pattern) {
    return this.#shown.filter(({ text }) => pattern.test(text));
  }
}

/** Runs in the page. Reports each toast once it is on the screen. */
function record() {
  const report = (toast) => {
    if (!toast.checkVisibility()) return;
    const { x, y, width, height } = toast.getBoundingClientRect();
    window.recordToast({ text: toast.textContent.trim(), box: { x, y, width, height } });
  };
  const observer = new MutationObserver((changes) => {
    for (const node of changes.flatMap(({ addedNodes }) => [...addedNodes])) {
      if (!(node instanceof Element)) continue;
      const toasts = [node, ...node.querySelectorAll(".toast")].filter((element) => element.matches(".toast"));
      for (const toast of toasts) requestAnimationFrame(() => report(toast));
    }
  });
  observer.observe(document, { childList: true, subtree: true });
}
