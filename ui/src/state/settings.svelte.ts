import type { ThemeChoice } from "../backend";
import { hasMouse } from "../shared/input-devices";
import type { KeyValueStorage } from "../shared/storage";

/** The distances between messages and between rows. */
export const densities = ["comfortable", "compact"] as const;
export type Density = (typeof densities)[number];

/** The sizes of all text, from the smallest. Their factors are in `tokens.css`. */
export const textSizes = ["small", "normal", "large", "larger", "largest"] as const;
export type TextSize = (typeof textSizes)[number];

/** The user's settings of the interface, stored on this device. */
export class Settings {
  readonly #storage: KeyValueStorage;
  #theme: ThemeChoice = $state("system");
  /** Null until the user has chosen. */
  #enterSends: boolean | null = $state(null);
  #notifies = $state(true);
  #density: Density = $state("comfortable");
  #textSize: TextSize = $state("normal");

  constructor(storage: KeyValueStorage) {
    this.#storage = storage;
    const theme = storage.get("theme");
    if (theme === "light" || theme === "dark") this.#theme = theme;
    const enterSends = storage.get("enter-sends");
    if (enterSends !== null) this.#enterSends = enterSends === "yes";
    this.#density = densities.find((density) => density === storage.get("density")) ?? "comfortable";
    this.#textSize = textSizes.find((size) => size === storage.get("text-size")) ?? "normal";
    this.#notifies = storage.get("notifies") !== "no";
  }

  get theme(): ThemeChoice {
    return this.#theme;
  }
  set theme(theme: ThemeChoice) {
    this.#theme = theme;
    this.#storage.set("theme", theme === "system" ? null : theme);
  }

  get density(): Density {
    return this.#density;
  }
  set density(density: Density) {
    this.#density = density;
    this.#storage.set("density", density === "comfortable" ? null : density);
  }

  get textSize(): TextSize {
    return this.#textSize;
  }
  set textSize(size: TextSize) {
    this.#textSize = size;
    this.#storage.set("text-size", size === "normal" ? null : size);
  }

  /** By default Enter starts a new line on a touch screen, whose keyboard has no Shift+Enter. */
  get enterSends(): boolean {
    return this.#enterSends ?? hasMouse();
  }
  set enterSends(sends: boolean) {
    this.#enterSends = sends;
    this.#storage.set("enter-sends", sends ? "yes" : "no");
  }

  /** `true` if system notifications are shown, where the browser allows them. */
  get notifies(): boolean {
    return this.#notifies;
  }
  set notifies(notifies: boolean) {
    this.#notifies = notifies;
    this.#storage.set("notifies", notifies ? null : "no");
  }
}
