/**
 * A short text: an error, the notice that something was done, or an incident that the user may not have watched. Errors and
 * notices disappear by themselves.
 */
export interface Toast {
  id: number;
  text: string;
  kind: "error" | "notice" | "incident";
}

/** The time for which a toast is shown. An incident stays until it is dismissed. */
const durationMs = { error: 8000, notice: 2500, incident: null };
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
    const duration = durationMs[toast.kind];
    if (duration === null) return;
    this.#timers.set(
      toast.id,
      setTimeout(() => this.dismiss(toast), duration),
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
