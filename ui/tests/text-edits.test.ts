/**
 * Changes of the text in the composer:
 * - bold and italic marks are put around the selected words and taken away again, among any number of others
 * - a selection becomes a link's text, or its address
 * - a list goes on with the next number, bullet or box, and ends at an empty item
 * - a marker that is typed although the list has gone on by itself isn't there twice
 * - a code block without an end is recognised, so that Enter goes on in it
 * - nothing is inserted inside a character of several code points
 * - a shortcode typed in full is found, except in code, in addresses and in times
 * - the counter is in characters, for any script, and appears only near the limit
 */
import { describe, expect, it } from "vitest";
import { shortcodeBefore } from "../src/chat/emoji-names.svelte";
import {
  continueList,
  isInOpenFence,
  makeLink,
  removeRepeatedMarker,
  replacement,
  type TextEdit,
  toggleMarks,
} from "../src/chat/text-edits";
import { textLimit } from "../src/chat/text-limit";

/** Splits a text with `[` and `]` (or `|`) for the selection. */
function parse(marked: string): [text: string, start: number, end: number] {
  const text = marked.replace(/[‹›|]/g, "");
  const start = marked.search(/[‹|]/);
  const end = marked.includes("›") ? marked.indexOf("›") - 1 : start;
  return [text, start, end];
}

/** Applies an edit, and returns the text with its selection. */
function show(text: string, edit: TextEdit | null): string | null {
  if (!edit) return null;
  const after = text.slice(0, edit.from) + edit.text + text.slice(edit.to);
  const [start, end] = edit.select;
  if (start === end) return `${after.slice(0, start)}|${after.slice(start)}`;
  return `${after.slice(0, start)}‹${after.slice(start, end)}›${after.slice(end)}`;
}

const toggle = (marked: string, mark: string) => {
  const [text, start, end] = parse(marked);
  return show(text, toggleMarks(text, start, end, mark));
};
const newLine = (marked: string) => {
  const [text, caret] = parse(marked);
  return show(text, continueList(text, caret));
};

describe("toggleMarks", () => {
  it.each([
    ["a ‹b› c", "**", "a **‹b›** c"],
    ["a **‹b›** c", "**", "a ‹b› c"],
    ["a‹ b ›c", "*", "a *‹b›* c"],
    ["**‹b›**", "*", "***‹b›***"],
    ["***‹b›***", "*", "**‹b›**"],
    ["|", "**", "**|**"],
  ])("%s with %s is %s", (before, mark, after) => expect(toggle(before, mark)).toBe(after));

  it("is not exhausted by many marks", () => {
    const many = "*".repeat(100_000);
    expect(toggle(`${many}‹b›${many}`, "**")).toBe(`${many}**‹b›**${many}`);
  });
});

describe("makeLink", () => {
  it("makes the selection the text or the address", () => {
    const link = (marked: string) => {
      const [text, start, end] = parse(marked);
      return show(text, makeLink(text, start, end));
    };
    expect(link("see ‹this page› now")).toBe("see [this page](‹https://›) now");
    expect(link("see ‹https://a.example/b›")).toBe("see [|](https://a.example/b)");
  });
});

describe("continueList", () => {
  it.each([
    ["- milk|", "- milk\n- |"],
    ["  * milk|", "  * milk\n  * |"],
    ["9. nine|", "9. nine\n10. |"],
    ["1) one|", "1) one\n2) |"],
    ["- [x] done|", "- [x] done\n- [ ] |"],
    ["- milk\n- |", "- milk\n|"],
    ["- one| two", "- one\n- | two"],
  ])("%j becomes %j", (before, after) => expect(newLine(before)).toBe(after));

  it.each(["milk|", "-milk|", "2026 was good|", "> quoted|", "|"])("leaves %j alone", (text) => {
    expect(newLine(text)).toBeNull();
  });
});

describe("removeRepeatedMarker", () => {
  const typed = (marked: string) => {
    const [text, caret] = parse(marked);
    return show(text, removeRepeatedMarker(text, caret));
  };

  it.each([
    ["1. one\n2. 2. |", "1. one\n2. |"],
    ["- a\n- - |", "- a\n- |"],
    ["  * a\n  * * |", "  * a\n  * |"],
    ["9) a\n10) 10) |", "9) a\n10) |"],
    ["- [x] a\n- [ ] - |", "- [x] a\n- [ ] |"],
    ["- [x] a\n- [ ] [ ] |", "- [x] a\n- [ ] |"],
    ["- a\n- - |b\n- c", "- a\n- |b\n- c"],
  ])("%j becomes %j", (before, after) => expect(typed(before)).toBe(after));

  it.each([
    "- - |",
    "milk\n- - |",
    "1. one\n2. 3. |",
    "1. one\n2. 2) |",
    "- a\n- * |",
    "- a\n  - - |",
    "- a\n- -|",
    "- a\n- b - |",
    "- a\n- |",
    "- - |\n- a",
  ])("leaves %j alone", (text) => expect(typed(text)).toBeNull());
});

describe("replacement", () => {
  it("inserts nothing inside a character", () => {
    const family = "👨‍👩‍👧";
    for (let i = 1; i < family.length; i++) expect(show(family, replacement(family, i, i, "!"))).toBe(`${family}!|`);
    expect(show("e\u0301", replacement("e\u0301", 1, 1, "!"))).toBe("e\u0301!|");
    expect(show("🇩🇪🇫🇷", replacement("🇩🇪🇫🇷", 4, 4, "!"))).toBe("🇩🇪!|🇫🇷");
  });
});

describe("shortcodeBefore", () => {
  const at = (text: string) => shortcodeBefore(text, text.length);

  it("finds a shortcode typed in full", () => {
    expect(at("hi :tada:")).toEqual({ from: 3, name: "tada" });
    expect(at(":+1:")).toEqual({ from: 0, name: "+1" });
    expect(at("🎉:tada:")).toEqual({ from: 2, name: "tada" });
    expect(at("`a` :tada:")).toEqual({ from: 4, name: "tada" });
    expect(at("```\ncode\n```\n:tada:")).toMatchObject({ name: "tada" });
  });

  it.each(["10:30:", "std::vec:", "http://a:8080:", "`:tada:", "```\n:tada:", ":Tada:", "::", ":a b:"])(
    "finds none in %j",
    (text) => expect(at(text)).toBeNull(),
  );
});

describe("isInOpenFence", () => {
  it.each([
    ["```js|", true],
    ["```|", true],
    ["~~~~ text\ncode|", true],
    ["look:\n```js\nlet a;|", true],
    ["```\na\n```\n```\nb|", true],
    ["```js\nlet a;\n```|", false],
    ["```js\nlet a; ```|", false],
    ["```code```|", false],
    ["a ```js|", false],
    ["|```js", false],
    ["``|", false],
    ["~~~\n```|", true],
  ])("%s", (marked, expected) => {
    const [text, position] = parse(marked);
    expect(isInOpenFence(text, position)).toBe(expected);
  });
});

describe("textLimit", () => {
  it("is silent far from the limit, exact for plain letters and about right for others", () => {
    expect(textLimit("a".repeat(1000), 16384)).toBeNull();
    expect(textLimit("a".repeat(15884), 16384)).toBeNull();
    expect(textLimit("a".repeat(16264), 16384)).toEqual({ left: 120, exact: true });
    expect(textLimit("a".repeat(16384), 16384)).toEqual({ left: 0, exact: true });
    expect(textLimit("a".repeat(16424), 16384)).toEqual({ left: -40, exact: false });
    expect(textLimit("私".repeat(5441), 16384)).toEqual({ left: 20, exact: false });
    expect(textLimit("私".repeat(5471), 16384)).toEqual({ left: -10, exact: false });
    // 90 too many, more or less.
    expect(Math.abs((textLimit("👨‍👩‍👧".repeat(1000), 16384)?.left ?? 0) + 90)).toBeLessThan(3);
  });

  it("estimates how much of a very long text is too long", () => {
    expect(textLimit("私".repeat(2_000_000), 16384)?.left).toBe(-1_994_539);
  });
});
