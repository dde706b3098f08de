import { charAt, charBefore, isInsideWord } from "./characters";

/** The most places of a text that are compared with names. */
const maxPlaces = 500;

/** A name in a text, and the place after it. */
export interface FoundName {
  id: string;
  end: number;
}

/** A name that can be found. */
export interface Named {
  id: string;
  name: string;
  /** `true` if it is found in this spelling only, otherwise in any case. */
  exact?: boolean;
}

/**
 * Finds known names after a sign in a text, such as `@`. Longer names are tried first. The exact spelling comes before
 * others, since names may differ in case only.
 */
export class NameFinder {
  readonly #byName = new Map<string, string[]>();
  /** The ids by the names in lower case, without those of which only the exact spelling counts. */
  readonly #byLowerCase = new Map<string, string[]>();
  /** The lengths of the names that begin with a character, longest first. */
  readonly #lengths = new Map<string, number[]>();
  #places = 0;

  /** Of several with one name the first is found. */
  constructor(named: Iterable<Named>) {
    for (const { id, name, exact } of named) {
      if (name === "") continue;
      add(this.#byName, name, id);
      if (!exact) add(this.#byLowerCase, name.toLowerCase(), id);
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

  /** Returns the name that follows the sign at `index`, if there is one whose owner is accepted. */
  find(text: string, index: number, accepts: (id: string) => boolean = () => true): FoundName | null {
    if (isInsideWord(charBefore(text, index), "a")) return null;
    const lengths = this.#lengths.get(charAt(text, index + 1).toLowerCase());
    if (!lengths || ++this.#places > maxPlaces) return null;
    for (const length of lengths) {
      const end = index + 1 + length;
      const name = text.slice(index + 1, end);
      const id = this.#byName.get(name)?.find(accepts) ?? this.#byLowerCase.get(name.toLowerCase())?.find(accepts);
      if (id !== undefined && endsName(text, end)) return { id, end };
    }
    return null;
  }
}

function add(ids: Map<string, string[]>, name: string, id: string): void {
  const known = ids.get(name);
  if (known) known.push(id);
  else ids.set(name, [id]);
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
