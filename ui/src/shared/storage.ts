/** A key-value storage on this device. */
export interface KeyValueStorage {
  get(key: string): string | null;
  set(key: string, value: string | null): void;
  /** Calls back when another tab may have changed values. */
  onExternalChange?(callback: () => void): void;
  /** Returns whether a value is not stored, and lost when the page ends. */
  isOnlyInMemory?(key: string): boolean;
  /** Calls back once, when the first value can't be stored: at once if that has happened already. */
  onFailure?(callback: () => void): void;
}

/**
 * Stores values in `localStorage`, and in memory where the browser refuses that: there they last until the page closes. The
 * first refusal is reported, once.
 */
export class LocalKeyValueStorage implements KeyValueStorage {
  readonly #prefix: string;
  /** The values that the browser did not store, which are newer than those it has. */
  readonly #memory = new Map<string, string | null>();
  #reportFailure: (() => void) | null = null;
  #failed = false;

  /** All keys in the browser's storage begin with the prefix. */
  constructor(prefix = "") {
    this.#prefix = prefix;
  }

  onFailure(callback: () => void): void {
    if (this.#failed) callback();
    else this.#reportFailure = callback;
  }

  get(key: string): string | null {
    const inMemory = this.#memory.get(key);
    if (inMemory !== undefined) return inMemory;
    try {
      return localStorage.getItem(this.#prefix + key);
    } catch {
      return null;
    }
  }

  set(key: string, value: string | null): void {
    try {
      if (value === null) localStorage.removeItem(this.#prefix + key);
      else localStorage.setItem(this.#prefix + key, value);
      this.#memory.delete(key);
    } catch {
      this.#memory.set(key, value);
      // Deleting what isn't there is no loss.
      if (value !== null) this.#fail(key);
    }
  }

  isOnlyInMemory(key: string): boolean {
    return typeof this.#memory.get(key) === "string";
  }

  onExternalChange(callback: () => void): void {
    addEventListener("storage", callback);
    // A page that was frozen has missed the events.
    addEventListener("pageshow", callback);
    document.addEventListener("visibilitychange", callback);
  }

  #fail(key: string): void {
    try {
      // Otherwise the outdated value would be back after a reload.
      localStorage.removeItem(this.#prefix + key);
    } catch {
      // The storage is blocked as a whole.
    }
    if (this.#failed) return;
    this.#failed = true;
    this.#reportFailure?.();
  }
}
