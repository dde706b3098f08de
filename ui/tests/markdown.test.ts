/**
 * Messages as Markdown:
 * - syntax that surprises people who type plain text is not parsed
 * - links may only lead to the web and to mail
 * - quotes and notifications get one plain line
 * - a mention is a whole word
 */
import { describe, expect, it } from "vitest";
import { parse, plainText, safeHref } from "../src/chat/markdown";
import { splitMentions } from "../src/chat/mentions";

describe("markdown", () => {
  it("leaves plain text alone", () => {
    const kinds = (text: string) => parse(text).map(({ type }) => type);
    expect(kinds("<b>bold</b> <script>alert(1)</script>")).toEqual(["paragraph"]);
    expect(kinds("<div>\nblock\n</div>")).toEqual(["paragraph"]);
    expect(kinds("a\n---")).not.toContain("heading");
    expect(kinds("    four spaces")).toEqual(["paragraph"]);
    expect(kinds("[1]: http://example.com")).toEqual(["paragraph"]);
    expect(JSON.stringify(parse("<b>x</b>"))).not.toContain('"html"');
  });

  it("allows links to the web and to mail only", () => {
    expect(safeHref("https://example.com/a")).toBe("https://example.com/a");
    expect(safeHref("mailto:a@example.com")).toBe("mailto:a@example.com");
    for (const href of [
      "javascript:alert(1)",
      "JaVaScRiPt:alert(1)",
      "data:text/html,x",
      "file:///etc/passwd",
      "/here",
      " javascript:x",
    ]) {
      expect(safeHref(href)).toBeNull();
    }
  });

  it("makes one plain line", () => {
    expect(plainText("**Hi** _you_\n\n- one\n- two\n\n`code`")).toBe("Hi you one two code");
    expect(plainText("x".repeat(500)).length).toBe(161);
  });

  it("finds whole mentions", () => {
    const found = (text: string, name = "Ada (away)") =>
      splitMentions(text, name)
        .filter(({ mention }) => mention)
        .map((part) => part.text);
    expect(found("hi @ada (away), you")).toEqual(["@ada (away)"]);
    expect(found("@Adam", "Ada")).toEqual([]);
    expect(found("mail x@Ada", "Ada")).toEqual([]);
  });
});
