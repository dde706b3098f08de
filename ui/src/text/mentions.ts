import { limits, type Member, type Mention } from "../backend/protocol";
import { NameFinder } from "./name-finder";
import type { MentionToken } from "./tokens";

/** A member under the name that a text may mention them by. */
export type Mentionable = Pick<Member, "id" | "name">;

/** Finds mentions of known people in a text: an `@` and a whole name. */
export class MentionFinder {
  readonly #names: NameFinder;

  /** Of several people with one name the first is found. Names are found in any case unless `exact` is set. */
  constructor(people: Iterable<Mentionable>, options?: { exact?: boolean }) {
    this.#names = new NameFinder(people, options);
  }

  /** Starts with another text. */
  begin(): this {
    this.#names.begin();
    return this;
  }

  /** Returns the mention whose `@` is at `index`, if there is one. */
  at(text: string, index: number): MentionToken | null {
    const found = this.#names.find(text, index);
    return found && { kind: "mention", member: found.id, text: text.slice(index, found.end) };
  }
}

/** Returns a finder of the mentions that a message lists, which it spells as its text does. */
export const listedMentions = (mentions: readonly Mention[]): MentionFinder => {
  const people = mentions.slice(0, limits.maxMentions).map(({ member, name }) => ({ id: member, name }));
  return new MentionFinder(people, { exact: true });
};
