/** The people whom the user has chosen for a text by names that others may have, too. */

import type { MemberId, Mention } from "../backend/protocol";
import { placesOf, type PlacedMention } from "../text/found-mentions";
import type { Item } from "./fold";

/** A choice of a person by a name. */
export interface ChosenMention extends Mention {
  /** The index of the mention's `@` in the text. Without it, the name was removed and may come back. */
  at?: number;
}

/** Returns the mentions of a message at their places in its text. */
export const mentionsOf = ({ text, mentions }: Pick<Item, "text" | "mentions">): readonly ChosenMention[] =>
  mentions ? placesOf(text, mentions) : [];

/** Returns the choices with another one, which counts in its place. */
export const withChoice = (chosen: readonly ChosenMention[], choice: PlacedMention): ChosenMention[] => [
  ...chosen.filter(({ at }) => at !== choice.at),
  choice,
];

/** Returns the choices at their places in a text that another one has been put before. */
export const movedBy = (chosen: readonly ChosenMention[], length: number): ChosenMention[] =>
  chosen.map((choice) => (choice.at === undefined ? choice : { ...choice, at: choice.at + length }));

/**
 * Returns the choices at their places in a changed text. A choice whose name was removed waits for the name to come back, as
 * it does when the user undoes that, or pastes it elsewhere. `caret` is the end of the change, if it is known: it decides
 * which of two equal parts was removed.
 */
export function afterChange(
  chosen: readonly ChosenMention[],
  before: string,
  after: string,
  caret = after.length,
): readonly ChosenMention[] {
  if (chosen.length === 0 || before === after) return chosen;
  const { from, to, inserted } = changeBetween(before, after, caret);
  const kept: ChosenMention[] = [];
  const removed: ChosenMention[] = [];
  for (const choice of chosen) {
    if (choice.at === undefined) continue;
    if (choice.at + choice.name.length + 1 <= from) kept.push(choice);
    else if (choice.at >= to) kept.push({ ...choice, at: choice.at + after.length - before.length });
    else removed.push(choice);
  }
  const waiting = [...removed, ...chosen.filter(({ at }) => at === undefined)];
  return [...waiting.flatMap((choice) => placed(choice, after, from, from + inserted, kept)), ...kept];
}

/** Puts a choice into a place of its name that a change has touched, if there is one without a choice. */
function placed(
  choice: ChosenMention,
  text: string,
  from: number,
  to: number,
  kept: ChosenMention[],
): [] | [ChosenMention] {
  const mention = `@${choice.name}`;
  const start = Math.max(0, from - mention.length);
  for (let at = text.indexOf(mention, start); at >= 0 && at <= to; at = text.indexOf(mention, at + 1)) {
    const isTouched = at + mention.length >= from;
    if (!isTouched || kept.some((other) => other.at === at)) continue;
    kept.push({ ...choice, at });
    return [];
  }
  return [{ member: choice.member, name: choice.name }];
}

/** Returns the range of a text that a change has replaced, and the length of the replacement. */
function changeBetween(before: string, after: string, caret: number): { from: number; to: number; inserted: number } {
  const shorter = Math.min(before.length, after.length);
  let end = 0;
  const maxEnd = Math.min(shorter, after.length - caret);
  while (end < maxEnd && before[before.length - 1 - end] === after[after.length - 1 - end]) end += 1;
  let from = 0;
  while (from < shorter - end && before[from] === after[from]) from += 1;
  // Where the caret isn't known, the ends may be equal further than that.
  while (end < shorter - from && before[before.length - 1 - end] === after[after.length - 1 - end]) end += 1;
  return { from, to: before.length - end, inserted: after.length - end - from };
}

/** Returns the member whom a mention by a name at an index of the text means, if the user has chosen one. */
export function chosenAt(chosen: readonly ChosenMention[], name: string, at: number): MemberId | undefined {
  const ofName = chosen.filter((choice) => choice.name === name);
  return (ofName.find((choice) => choice.at === at) ?? ofName.at(-1))?.member;
}
