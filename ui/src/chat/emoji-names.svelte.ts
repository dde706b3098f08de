import { emoji as offered } from "../shared/emoji";

const offeredNames: ReadonlyMap<string, string> = new Map([
  ["+1", "👍"],
  ["-1", "👎"],
  ["smile", "😄"],
  ...offered.map(([text, name]) => [name, text] as const),
]);

/** The names of emoji, as in `:tada:`: the best known ones at once, all others when they are loaded. */
export class EmojiNames {
  #all: ReadonlyMap<string, string> = $state.raw(offeredNames);
  #loading: Promise<void> | null = null;
  #areLoaded = false;

  /** The emoji by their names, best known first. */
  get all(): ReadonlyMap<string, string> {
    return this.#all;
  }

  /** `true` if all names are loaded. */
  get areLoaded(): boolean {
    return this.#areLoaded;
  }

  /** Loads all names. If that fails, as without a connection, it is tried again at the next call. */
  load(): Promise<void> {
    this.#loading ??= import("./emoji-shortcodes.json").then(
      ({ default: shortcodes }) => {
        this.#all = new Map([...offeredNames, ...Object.entries<string>(shortcodes)]);
        this.#areLoaded = true;
      },
      () => void (this.#loading = null),
    );
    return this.#loading;
  }
}

/** The names for all composers and pickers, which are loaded once. */
export const emojiNames = new EmojiNames();

/** The longest shortcode has 60 letters. */
const shortcode = /(?:^|[^\p{L}\p{N}:/])(:([a-z0-9_+-]{1,64}):)$/u;

/** Finds a shortcode that has just been typed in full, unless it is a part of code. */
export function shortcodeBefore(text: string, caret: number): { from: number; name: string } | null {
  const before = text.slice(0, caret);
  const match = shortcode.exec(before.slice(-70));
  if (!match?.[1] || !match[2] || isInCode(before)) return null;
  return { from: caret - match[1].length, name: match[2] };
}

/** Returns whether a text ends inside a code span or a fenced block that is not closed. */
function isInCode(text: string): boolean {
  const lines = text.split("\n");
  const fences = lines.filter((line) => /^ {0,3}(```|~~~)/.test(line)).length;
  const ticks = lines.at(-1)?.match(/`/g)?.length ?? 0;
  return fences % 2 === 1 || ticks % 2 === 1;
}
