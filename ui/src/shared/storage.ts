/** A key-value storage on this device. */
export interface KeyValueStorage {
  get(key: string): string | null;
  set(key: string, value: string | null): void;
}

/** Stores values in `localStorage`, and in memory where the browser refuses that: there they last until the page closes. */
export class LocalKeyValueStorage implements KeyValueStorage {
  readonly #memory = new Map<string, string>();

  get(key: string): string | null {
    try {
      return localStorage.getItem(key) ?? this.#memory.get(key) ?? null;
    } catch {
      return this.#memory.get(key) ?? null;
    }
  }

  set(key: string, value: string | null): void {
    if (value === null) this.#memory.delete(key);
    else this.#memory.set(key, value);
    try {
      if (value === null) localStorage.removeItem(key);
      else localStorage.setItem(key, value);
    } catch {
      // Storage is full or forbidden. The copy in memory remains.
    }
  }
}
