import { limits, type MemberId, type Mention } from "../backend/protocol";
import { inlinesOf } from "./inlines-of";
import { ListedMentions, type MentionFinder } from "./mentions";
import { parse } from "./parse";

/** A mention, and the index of its `@` in the text. */
export interface PlacedMention extends Mention {
  at: number;
}

/**
 * Returns the mentions in a text with their places. Code and links have none. A name that the text spells with an escape, as
 * `\|` in a table, isn't found, since it couldn't be listed: the server looks for the name itself.
 */
export function placedMentions(text: string, finder: MentionFinder): PlacedMention[] {
  const found: PlacedMention[] = [];
  for (const token of inlinesOf(parse(text, finder)))
    if (token.kind === "mention" && text.startsWith(token.text, token.at))
      found.push({ at: token.at, name: token.text.slice(1), member: token.member });
  return found;
}

/**
 * Returns the mentions in a text as a message lists them: each member and name once, in their order. Where a name means several
 * people, it is listed for each of its places. `choose` decides between people with the same name.
 */
export function mentionsIn(
  text: string,
  finder: MentionFinder,
  choose: (mention: PlacedMention) => MemberId = ({ member }) => member,
): Mention[] {
  const placed = placedMentions(text, finder).map((mention) => ({ ...mention, member: choose(mention) }));
  const members = new Map<string, Set<MemberId>>();
  for (const { name, member } of placed) members.set(name, (members.get(name) ?? new Set()).add(member));
  const listed: Mention[] = [];
  const names = new Set<string>();
  for (const { member, name } of placed) {
    const meansSeveral = (members.get(name)?.size ?? 0) > 1;
    if (meansSeveral || !names.has(name)) listed.push({ member, name });
    names.add(name);
  }
  return listed.slice(0, limits.maxMentions);
}

/** Returns the mentions that a message lists, each at its places in the text. */
export const placesOf = (text: string, mentions: readonly Mention[]): PlacedMention[] =>
  placedMentions(text, new ListedMentions(mentions));
