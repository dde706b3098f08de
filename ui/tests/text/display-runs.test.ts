/**
 * Characters that have a look of their own:
 * - emoji are found as whole sequences; digits, signs and letters are none
 * - one to three emoji alone are shown large
 * - characters with many marks are found; the marks of living scripts are left alone
 */
import { describe, expect, it } from "vitest";
import { displayRuns, isOnlyEmoji } from "../../src/text/display-runs";
import { parse } from "../../src/text/parse";

const found = (text: string, kind: string) =>
  displayRuns(text)
    .filter((run) => run.kind === kind)
    .map((run) => run.text);

describe("emoji", () => {
  it.each(["😂", "☕", "❤️", "👍🏽", "👨‍👩‍👧‍👦", "🏳️‍🌈", "🇩🇪", "1️⃣", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"])("finds %s", (emoji) => {
    expect(found(`a${emoji}b`, "emoji")).toEqual([emoji]);
  });

  it.each(["1", "#", "*", "©", "™", "❤", "a", "→", "你"])("leaves %s alone", (text) => {
    expect(found(text, "emoji")).toEqual([]);
  });

  it("are large when alone", () => {
    for (const text of ["😂", "👍🏽 ❤️", "🇩🇪🇫🇷🇮🇹"]) expect(isOnlyEmoji(parse(text))).toBe(true);
    for (const text of ["", "😂😂😂😂", "ok 👍", "1", "**👍**", "👍\n\n👍", "- 👍"])
      expect(isOnlyEmoji(parse(text))).toBe(false);
  });
});

describe("stacked marks", () => {
  it("are found", () => {
    expect(found(`Z${"\u0351".repeat(8)}A`, "stacked")).toEqual([`Z${"\u0351".repeat(8)}`]);
  });

  it.each(["ắ", "שָּׁ", "ที่", "བསྒྲུབས", "क्ष्म्य", "مُحَمَّدٌ"])("are not those of %s", (text) => {
    expect(found(text.normalize("NFD"), "stacked")).toEqual([]);
  });
});
