import { charAt, charBefore, isInsideWord } from "./characters";

/** The most places of a text that are compared with names. */
const maxPlaces = 500;

/** A name in a text, and the place after it. */
export interface FoundName {
  id: string;
  end: number;
}

/**
 * Finds known names after a sign in a text, such as `@`. Longer names are tried first. The exact spelling comes before
 * others, since names may differ in case only.
 */
export class NameFinder {
  readonly #byName = new Map<string, string>();
  /** The ids by the names in lower case. It is empty if only the exact spelling counts. */
  readonly #byLowerCase = new Map<string, string>();
  /** The lengths of the names that begin with a character, longest first. */
  readonly #lengths = new Map<string, number[]>();
  #places = 0;

  /** Of several with one name the first is found. Names are found in any case unless `exact` is set. */
  constructor(named: Iterable<{ id: string; name: string }>, { exact = false } = {}) {
    for (const { id, name } of named) {
      if (name === "" || this.#byName.has(name)) continue;
      this.#byName.set(name, id);
      const key = name.toLowerCase();
      if (!exact && !this.#byLowerCase.has(key)) this.#byLowerCase.set(key, id);
      // Of the name, since "İ" has two characters in lower case.
      const first = charAt(name, 0).toLowerCase();
      const lengths = this.#lengths.get(first) ?? [];
      if (!lengths.includes(name.length)) lengths.push(name.length);
      this.#lengths.set(
        first,
        lengths.sort((a, b) => b - a),
      );
    }
  }

  /** Starts with another text. */
  begin(): void {
    this.#places = 0;
  }

  /** Returns the name that follows the sign at `index`, if there is one. */
  find(text: string, index: number): FoundName | null {
    if (isInsideWord(charBefore(text, index), "a")) return null;
    const lengths = this.#lengths.get(charAt(text, index + 1).toLowerCase());
    if (!lengths || ++this.#places > maxPlaces) return null;
    for (const length of lengths) {
      const end = index + 1 + length;
      const name = text.slice(index + 1, end);
      const id = this.#byName.get(name) ?? this.#byLowerCase.get(name.toLowerCase());
      if (id !== undefined && endsName(text, end)) return { id, end };
    }
    return null;
  }
}

/** Returns whether a name ends at `end`: no letter, number or combining mark continues it. */
function endsName(text: string, end: number): boolean {
  if (
    end > text.length ||
    /^(?:[\p{M}\p{Emoji_Modifier}@]|\u200D|\uFE0F|_[\p{L}\p{N}])/u.test(text.slice(end, end + 3))
  )
    return false;
  return !isInsideWord(charBefore(text, end), charAt(text, end));
}
