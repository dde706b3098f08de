/** What this device keeps for itself. A browser may refuse storage altogether; then it is kept until the page closes. */
export interface KeyValueStorage {
  get(key: string): string | null;
  set(key: string, value: string | null): void;
}

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
      // Storage is full or forbidden: the copy in memory stands.
    }
  }
}
