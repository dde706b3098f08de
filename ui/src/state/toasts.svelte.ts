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
  readonly #timers = new Map<number, ReturnType<typeof setTimeout>>();
  #next = 0;

  get shown() {
    return this.#shown;
  }

  /** Shows a text. One that is shown already stays for the whole time again. */
  add(text: string, kind: Toast["kind"]): void {
    const toast = this.#shown.find((shown) => shown.text === text) ?? this.#show({ id: this.#next++, text, kind });
    clearTimeout(this.#timers.get(toast.id));
    this.#timers.set(
      toast.id,
      setTimeout(() => this.dismiss(toast), durationMs[toast.kind]),
    );
  }

  dismiss(toast: Toast): void {
    clearTimeout(this.#timers.get(toast.id));
    this.#timers.delete(toast.id);
    this.#shown = this.#shown.filter(({ id }) => id !== toast.id);
  }

  #show(toast: Toast): Toast {
    this.#shown = [...this.#shown.slice(1 - maxShown), toast];
    return toast;
  }
}
