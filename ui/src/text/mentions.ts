import { limits, type Member, type MemberId, type Mention } from "../backend/protocol";
import { charAt, charBefore, isInsideWord } from "./characters";
import type { MentionToken } from "./tokens";

/** A member under the name that a text may mention them by. */
export type Mentionable = Pick<Member, "id" | "name">;

/** The most places of a text that are compared with names. */
const maxPlaces = 500;

/**
 * Finds mentions of known people in a text: an `@` and a whole name. Longer names are tried first. The exact spelling comes
 * before others, since names may differ in case only.
 */
export class MentionFinder {
  readonly #byName = new Map<string, MemberId>();
  /** The members by their names in lower case. It is empty if only the exact spelling counts. */
  readonly #byLowerCase = new Map<string, MemberId>();
  /** The lengths of the names that begin with a character, longest first. */
  readonly #lengths = new Map<string, number[]>();
  #places = 0;

  /** Of several people with one name the first is found. Names are found in any case unless `exact` is set. */
  constructor(people: Iterable<Mentionable>, { exact = false } = {}) {
    for (const { id, name } of people) {
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
  begin(): this {
    this.#places = 0;
    return this;
  }

  /** Returns the mention whose `@` is at `index`, if there is one. */
  at(text: string, index: number): MentionToken | null {
    if (isInsideWord(charBefore(text, index), "a")) return null;
    const lengths = this.#lengths.get(charAt(text, index + 1).toLowerCase());
    if (!lengths || ++this.#places > maxPlaces) return null;
    for (const length of lengths) {
      const end = index + 1 + length;
      const name = text.slice(index + 1, end);
      const member = this.#byName.get(name) ?? this.#byLowerCase.get(name.toLowerCase());
      if (member !== undefined && endsName(text, end)) return { kind: "mention", member, text: text.slice(index, end) };
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

/** Returns a finder of the mentions that a message lists, which it spells as its text does. */
export const listedMentions = (mentions: readonly Mention[]): MentionFinder => {
  const people = mentions.slice(0, limits.maxMentions).map(({ member, name }) => ({ id: member, name }));
  return new MentionFinder(people, { exact: true });
};
