/**
 * The names of emoji:
 * - the file in the sources has those of the installed data (`UPDATE_EMOJI=1 npx vitest run tests/emoji-shortcodes.test.ts`
 *   writes it)
 * - the names that people know from elsewhere are among them, and mean the same emoji
 * - each name stands for one emoji, in the form that a reaction needs
 * - each offered emoji has a name that is a shortcode
 */
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { canonicalEmoji } from "../src/backend/emoji";
import { EmojiNames } from "../src/chat/emoji-names.svelte";
import { emoji as offered } from "../src/shared/emoji";

const file = fileURLToPath(new URL("../src/chat/emoji-shortcodes.json", import.meta.url));
const require = createRequire(import.meta.url);

interface Emoji {
  hexcode: string;
  unicode: string;
}

/** Returns all emoji by their names on GitHub and, where those don't say otherwise, in Slack. Skin tones are left out. */
function installedShortcodes(): Record<string, string> {
  const emoji = require("emojibase-data/en/compact.json") as Emoji[];
  const shortcodes: Record<string, string> = {};
  for (const preset of ["github", "iamcal"]) {
    const names = require(`emojibase-data/en/shortcodes/${preset}.json`) as Record<string, string | string[]>;
    for (const { hexcode, unicode } of emoji)
      // A skin tone alone is no emoji.
      for (const name of canonicalEmoji(unicode) === null ? [] : [names[hexcode] ?? []].flat())
        shortcodes[name] ??= withoutNeedlessSelector(unicode);
  }
  return shortcodes;
}

/** Unicode recommends the variation selector only after characters that are no emoji without it. */
const withoutNeedlessSelector = (emoji: string) => emoji.replace(/^(\p{Emoji_Presentation})\ufe0f$/u, "$1");

it("has the names of the installed data", () => {
  const installed = `${JSON.stringify(installedShortcodes())}\n`;
  if (process.env.UPDATE_EMOJI) writeFileSync(file, installed);
  expect(readFileSync(file, "utf8")).toBe(installed);
});

it("has the names that people know", async () => {
  const names = new EmojiNames();
  expect(names.all.get("tada")).toBe("🎉");
  await names.load();
  const known = { "+1": "👍", "-1": "👎", smile: "😄", joy: "😂", heart: "❤️", tada: "🎉", rocket: "🚀", shrug: "🤷", de: "🇩🇪", otter: "🦦", thinking_face: "🤔", grinning: "😀" }; // prettier-ignore
  expect(Object.fromEntries(Object.keys(known).map((name) => [name, names.all.get(name)]))).toEqual(known);
  for (const [emoji, name] of offered) expect([name, names.all.get(name)]).toEqual([name, emoji]);
});

it("stands for one emoji, in the form that a reaction needs", async () => {
  const names = new EmojiNames();
  await names.load();
  expect([...names.all].filter(([, emoji]) => canonicalEmoji(emoji) !== emoji)).toEqual([]);
});
