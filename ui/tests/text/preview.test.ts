/**
 * One line of a message, for quotes and notices:
 * - forms are left out, and blocks and items are kept apart
 * - what a spoiler hides stays hidden
 * - what reorders a text is left out, since a cut would leave it open
 * - a mention or a room has a direction of its own, so that its sign stays before the name
 * - a text is cut between what people see as characters
 */
import { expect, it } from "vitest";
import { cutText } from "../../src/shared/graphemes";
import { MentionFinder } from "../../src/text/mentions";
import { preview } from "../../src/text/plain-text";
import { RoomFinder } from "../../src/text/room-links";

it("leaves forms out and keeps blocks and items apart", () => {
  expect(preview("**Hi** _you_\n\n- one\n- two\n\n`code`")).toBe("Hi you one two code");
  expect(preview("- The new dumpling place\n  - they do vegan")).toBe("The new dumpling place they do vegan");
  expect(preview("1. a\n2. b")).toBe("1. a 2. b");
  expect(preview("| a | b |\n|---|---|\n| c | d |")).toBe("a b c d");
  expect(preview("# a\n> b\n```\nc\n```")).toBe("a b c");
  expect(preview("[text](https://example.com)")).toBe("text");
});

it("keeps hidden what a spoiler hides", () => {
  expect(preview("the end: ||he dies||")).toBe("the end: ▒▒▒");
});

it("leaves out what reorders a text", () => {
  expect(preview("pay \u202Eeom\u202C now \u2067x")).toBe("pay eom now x");
  expect(preview("`a\u202Eb`")).toBe("ab");
  expect(preview("a\u200Fb")).toBe("a\u200Fb");
});

it("gives a mention or a room a direction of its own", () => {
  const members = new MentionFinder([{ id: "a", name: "Ada" }]);
  const nameOf = () => "Ada\u202E Lovelace";
  const finders = { mentions: members, rooms: new RoomFinder([{ id: "l", name: "Lobby" }]) };
  expect(preview("שלום @Ada ב #Lobby", finders)).toBe("שלום \u2068@Ada\u2069 ב \u2068#Lobby\u2069");
  expect(preview("שלום @Ada", finders, nameOf)).toBe("שלום \u2068@Ada Lovelace\u2069");
});

it("cuts a text between characters", () => {
  const family = "👨‍👩‍👧";
  expect(cutText(family.repeat(3), 2)).toBe(`${family.repeat(2)}…`);
  expect(cutText("e\u0301e\u0301", 1)).toBe("e\u0301…");
  expect(cutText("one two", 4)).toBe("one…");
  expect(cutText("🇩🇪🇫🇷", 2)).toBe("🇩🇪🇫🇷");
  expect(cutText("a" + "\u0301".repeat(10_000), 10).length).toBeLessThan(100);
  expect(preview(`${"x".repeat(158)}${family}yz`)).toBe(`${"x".repeat(158)}${family}y…`);
});
