import { limits, type Member, type MemberId, type Mention } from "../backend/protocol";
import { inlinesOf } from "./inlines-of";
import { NameFinder } from "./name-finder";
import type { Block, MentionToken } from "./tokens";

/** A member under the name that a text may mention them by. */
export type Mentionable = Pick<Member, "id" | "name"> & {
  /** `true` if only this spelling of the name mentions them, otherwise any case does. */
  exact?: boolean;
};

/** Finds mentions of known people in a text: an `@` and a whole name. */
export class MentionFinder {
  readonly #names: NameFinder;
  readonly #accepts: (member: MemberId) => boolean;

  /** Of several people with one name the first who is accepted is found. */
  constructor(people: Iterable<Mentionable> | NameFinder, accepts: (member: MemberId) => boolean = () => true) {
    this.#names = people instanceof NameFinder ? people : new NameFinder(people);
    this.#accepts = accepts;
  }

  /** Returns a finder of some of these people. */
  among(accepts: (member: MemberId) => boolean): MentionFinder {
    return new MentionFinder(this.#names, accepts);
  }

  /** Starts with another text. */
  begin(): this {
    this.#names.begin();
    return this;
  }

  /** Returns the mention whose `@` is at `index` of a text, if there is one. */
  at(text: string, index: number): MentionToken | null {
    const found = this.#names.find(text, index, this.#accepts);
    return found && { kind: "mention", member: found.id, text: text.slice(index, found.end), at: index };
  }

  /** Decides between people with the same name in a text that is parsed. The first of them is meant, as found. */
  decide(_blocks: readonly Block[]): void {
    // Nothing is to be decided.
  }
}

/**
 * Finds the mentions that a message lists, which it spells as its text does. If it lists several people by one name, the first
 * is meant in the first place of the name, and so on, and the last also in those after that.
 */
export class ListedMentions extends MentionFinder {
  readonly #mentions: readonly Mention[];

  constructor(mentions: readonly Mention[]) {
    const listed = mentions.slice(0, limits.maxMentions);
    super(listed.map(({ member, name }) => ({ id: member, name, exact: true })));
    this.#mentions = listed;
  }

  override decide(blocks: readonly Block[]): void {
    if (new Set(this.#mentions.map(({ name }) => name)).size === this.#mentions.length) return;
    const order = new ListedOrder(this.#mentions);
    for (const token of inlinesOf(blocks))
      if (token.kind === "mention") token.member = order.next(token.text.slice(1)) ?? token.member;
  }
}

/** The order in which a message lists several people by one name. */
class ListedOrder {
  readonly #members = new Map<string, MemberId[]>();

  constructor(mentions: readonly Mention[]) {
    for (const { member, name } of mentions) this.#members.set(name, [...(this.#members.get(name) ?? []), member]);
  }

  /** Returns the member whom the next place of a name means. */
  next(name: string): MemberId | undefined {
    const members = this.#members.get(name);
    return members && members.length > 1 ? members.shift() : members?.[0];
  }
}
