import type { Keep } from "../shared/storage";

export type Theme = "system" | "light" | "dark";

/** What a person chose about the interface, kept on this device. */
export class Settings {
  readonly #keep: Keep;
  #theme: Theme = $state("system");
  #enterSends = $state(true);

  constructor(keep: Keep) {
    this.#keep = keep;
    const theme = keep.get("theme");
    if (theme === "light" || theme === "dark") this.#theme = theme;
    this.#enterSends = keep.get("enter-sends") !== "no";
  }

  get theme(): Theme {
    return this.#theme;
  }
  set theme(theme: Theme) {
    this.#theme = theme;
    this.#keep.set("theme", theme === "system" ? null : theme);
  }

  get enterSends(): boolean {
    return this.#enterSends;
  }
  set enterSends(sends: boolean) {
    this.#enterSends = sends;
    this.#keep.set("enter-sends", sends ? null : "no");
  }
}
