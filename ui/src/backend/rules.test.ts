/**
 * The rules for names, texts and reactions, with the cases in `crates/protocol/vectors/` that the Rust implementation passes
 * as well:
 * - a name is taken in its normal form, or refused with a sentence, also as a room's new name
 * - a text is blank if it shows nothing
 * - a topic is one line that sets no direction, and is refused with a sentence otherwise
 * - a reaction is one emoji, in one form
 */

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { canonicalEmoji } from "./emoji";
import { parseName } from "./name";
import { checkBody } from "./session/body";
import { isBlank } from "./visibility";

function vectors<T>(file: string): T[] {
  const url = new URL(`../../../crates/protocol/vectors/${file}`, import.meta.url);
  const cases = JSON.parse(readFileSync(url, "utf8")) as T[];
  expect(cases.length).toBeGreaterThan(50);
  return cases;
}

/** Fails with all cases whose result is wrong. */
function compare<T extends { about: string; text: string }>(
  cases: T[],
  actual: (text: string) => Omit<T, "about" | "text">,
) {
  expect(cases.map(({ about, text }) => ({ about, text, ...actual(text) }))).toEqual(cases);
}

test("a name is taken in its normal form, or refused with a sentence", () => {
  compare(vectors<{ about: string; text: string; name?: string; refused?: string }>("names.json"), (text) => {
    try {
      return { name: parseName(text) };
    } catch (error) {
      return { refused: (error as { message: string }).message };
    }
  });
  compare(vectors<{ about: string; text: string; name?: string; refused?: string }>("names.json"), (text) => {
    const refused = checkBody({ kind: "room_renamed", name: text })?.message;
    return refused === undefined ? { name: parseName(text) } : { refused };
  });
});

test("a text is blank if it shows nothing", () => {
  compare(vectors<{ about: string; text: string; blank: boolean }>("texts.json"), (text) => ({ blank: isBlank(text) }));
});

test("a topic is one line that sets no direction", () => {
  compare(vectors<{ about: string; text: string; refused: string | null }>("topics.json"), (text) => ({
    refused: checkBody({ kind: "topic", text })?.message ?? null,
  }));
});

test("a reaction is one emoji, in one form", () => {
  compare(vectors<{ about: string; text: string; emoji: string | null }>("emoji.json"), (text) => ({
    emoji: canonicalEmoji(text),
  }));
});
