/** A short text that disappears by itself: an error, or the notice that something was done. */
export interface Toast {
  id: number;
  text: string;
  kind: "error" | "notice";
}

/** The time for which a toast is shown. */
const durationMs = { error: 8000, notice: 2500 };
/** The most toasts on the screen. */
const maxShown = 4;

export class Toasts {
  #shown: readonly Toast[] = $state.raw([]);
  #next = 0;

  get shown() {
    return this.#shown;
  }

  add(text: string, kind: Toast["kind"]): void {
    if (this.#shown.some((toast) => toast.text === text)) return;
    const toast = { id: this.#next++, text, kind };
    this.#shown = [...this.#shown.slice(1 - maxShown), toast];
    setTimeout(() => this.dismiss(toast), durationMs[kind]);
  }

  dismiss(toast: Toast): void {
    this.#shown = this.#shown.filter(({ id }) => id !== toast.id);
  }
}
