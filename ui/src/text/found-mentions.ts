import { limits, type MemberId, type Mention } from "../backend/protocol";
import { charAt, charBefore } from "./characters";
import { inlinesOf } from "./inlines-of";
import { ListedMentions, ListedOrder, MentionFinder } from "./mentions";
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
  const candidates = candidatesIn(text, finder);
  if (candidates.length === 0) return [];
  // The tokens of a text don't have their places. So a copy of the text is parsed in which each name is another one.
  const ids = candidates.map(({ name }, n) => uniqueName(name, n));
  const { marked, rest } = candidates.reduce(
    ({ marked, rest }, { at, name }, n) => ({
      marked: `${marked}${text.slice(rest, at)}@${ids[n] ?? name}`,
      rest: at + 1 + name.length,
    }),
    { marked: "", rest: 0 },
  );
  const unique = new MentionFinder(ids.map((name) => ({ id: name, name, exact: true })));
  const shown = new Set<string>();
  for (const token of inlinesOf(parse(marked + text.slice(rest), unique)))
    if (token.kind === "mention") shown.add(token.member);
  return candidates.filter((_, n) => shown.has(ids[n] ?? ""));
}

/** Returns the places where a text without its Markdown mentions people. */
function candidatesIn(text: string, finder: MentionFinder): PlacedMention[] {
  finder.begin();
  const found: PlacedMention[] = [];
  let end = 0;
  for (let at = text.indexOf("@"); at >= 0; at = text.indexOf("@", Math.max(at + 1, end))) {
    const token = finder.at(text, at);
    if (!token) continue;
    found.push({ at, name: token.text.slice(1), member: token.member });
    end = at + token.text.length;
  }
  return found;
}

/** Returns a name that begins and ends like another one, so that what is around it means the same. */
const uniqueName = (name: string, n: number) => `${charAt(name, 0)}${n}x${charBefore(name, name.length)}`;

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
export function placesOf(text: string, mentions: readonly Mention[]): PlacedMention[] {
  const order = new ListedOrder(mentions);
  const placed = placedMentions(text, new ListedMentions(mentions));
  return placed.map((mention) => ({ ...mention, member: order.next(mention.name) ?? mention.member }));
}
