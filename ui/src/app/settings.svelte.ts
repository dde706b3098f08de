import type { KeyValueStorage } from "../shared/storage";

type Theme = "system" | "light" | "dark";

/** The user's settings of the interface, stored on this device. */
export class Settings {
  readonly #storage: KeyValueStorage;
  #theme: Theme = $state("system");
  #enterSends = $state(true);

  constructor(storage: KeyValueStorage) {
    this.#storage = storage;
    const theme = storage.get("theme");
    if (theme === "light" || theme === "dark") this.#theme = theme;
    this.#enterSends = storage.get("enter-sends") !== "no";
  }

  get theme(): Theme {
    return this.#theme;
  }
  set theme(theme: Theme) {
    this.#theme = theme;
    this.#storage.set("theme", theme === "system" ? null : theme);
  }

  get enterSends(): boolean {
    return this.#enterSends;
  }
  set enterSends(sends: boolean) {
    this.#enterSends = sends;
    this.#storage.set("enter-sends", sends ? null : "no");
  }
}
