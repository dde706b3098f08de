/**
 * A short text: an error, the notice that something was done, or an incident that the user may not have watched. Errors and
 * notices disappear by themselves.
 */
export interface Toast {
  id: number;
  text: string;
  kind: "error" | "notice" | "incident";
  action?: ToastAction;
}

/** A button of a toast, which does something about what the toast says. */
interface ToastAction {
  label: string;
  run: () => void;
}

/** The time for which a toast is shown. An incident stays until it is dismissed. */
const durationMs = { error: 8000, notice: 2500, incident: null };
/** The same for a toast with a button, which takes longer to decide about and to reach. */
const actionDurationMs = 20_000;
/** The most toasts on the screen. */
const maxShown = 4;

export class Toasts {
  #shown: readonly Toast[] = $state.raw([]);
  readonly #timers = new Map<number, ReturnType<typeof setTimeout>>();
  #next = 0;

  get shown() {
    return this.#shown;
  }

  /** Shows a text. One that is shown already stays for the whole time again, except that each button is about something else. */
  add(text: string, kind: Toast["kind"], action?: ToastAction): Toast {
    const known = action ? undefined : this.#shown.find((shown) => shown.text === text);
    const toast = known ?? this.#show({ id: this.#next++, text, kind, ...(action ? { action } : {}) });
    clearTimeout(this.#timers.get(toast.id));
    const duration = toast.action ? actionDurationMs : durationMs[toast.kind];
    if (duration === null) return toast;
    this.#timers.set(
      toast.id,
      setTimeout(() => this.dismiss(toast), duration),
    );
    return toast;
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
