import { limits, type Member, type MemberId, type Mention } from "../backend/protocol";
import { charAt, charBefore, isInsideWord } from "./characters";
import type { MentionToken } from "./tokens";

/** A member under the name that a text may mention them by. */
export type Mentionable = Pick<Member, "id" | "name">;

/** The most places of a text that are compared with names. */
const maxPlaces = 500;

/** Finds mentions of known people in a text: an `@` and a whole name, in any case. Longer names are tried first. */
export class MentionFinder {
  readonly #members = new Map<string, MemberId>();
  /** The lengths of the names that begin with a character, longest first. */
  readonly #lengths = new Map<string, number[]>();
  #places = 0;

  /** Of several people with one name the first is found. */
  constructor(people: Iterable<Mentionable>) {
    for (const { id, name } of people) {
      const key = name.toLowerCase();
      if (name === "" || this.#members.has(key)) continue;
      this.#members.set(key, id);
      const first = charAt(key, 0);
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
      const member = this.#members.get(text.slice(index + 1, end).toLowerCase());
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

/** Returns a finder of the mentions that a message lists. */
export const listedMentions = (mentions: readonly Mention[]): MentionFinder =>
  new MentionFinder(mentions.slice(0, limits.maxMentions).map(({ member, name }) => ({ id: member, name })));
