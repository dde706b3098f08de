/**
 * Messages as people type them, and what is shown. Each line of `corpus/` is a message, after ` ⇒ ` with its rendering if that differs
 * from what was typed. `⏎` is a line end, `⇥` a tab, `{U+200B}` a character that is not
 * seen or hard to tell. `notation.ts` has the tags.
 * - every message of the corpus
 * - the corpus has at least 300 messages
 */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { loadLookalikes } from "../../src/shared/lookalike-table.svelte";
import { loadLinkRules } from "../../src/text/link-addresses.svelte";
import { MentionFinder } from "../../src/text/mentions";
import { parse } from "../../src/text/parse";
import { RoomFinder } from "../../src/text/room-links";
import { notation } from "./notation";

const folder = fileURLToPath(new URL("corpus/", import.meta.url));

/** The members of the room. Their ids are their names. */
const names = [
  "Ada",
  "Ada Lovelace",
  "Ben",
  "*a*",
  "_x_",
  "O'Neil",
  "小明",
  "علی\u200Cرضا",
  "Zoë",
  "J.R.",
  "C++",
  "İsmet",
];
const members = new MentionFinder(names.map((name) => ({ id: name, name })));

/** The rooms that are known. Their ids are their names, but of those that share a name with another. */
const rooms = new RoomFinder([
  ...["Lobby", "Team 1", "c-sharp", "日本語", "1", "A_b"].map((name) => ({ id: name, name })),
  { id: "id-bb2d", name: "Lunch" },
  { id: "id-1d23", name: "Lunch" },
  // The directory lists a room that the user is in again.
  { id: "id-1d23", name: "Lunch" },
  { id: "1-89ab", name: "Dinner" },
  { id: "2-89ab", name: "Dinner" },
]);

beforeAll(() => Promise.all([loadLookalikes(), loadLinkRules()]));

const decode = (line: string) =>
  line
    .replaceAll("⏎", "\n")
    .replaceAll("⇥", "\t")
    .replace(/\{U\+(\w+)\}/g, (_, point: string) => String.fromCodePoint(parseInt(point, 16)));

const files = readdirSync(folder).map((file) => {
  const [title = "", ...lines] = readFileSync(folder + file, "utf8").split("\n");
  const cases = lines.filter((line) => line !== "").map((line) => line.split(" ⇒ "));
  return { title: title.replace("// ", ""), cases };
});

for (const { title, cases } of files) {
  describe(title, () => {
    it.each(cases)("%s", (typed = "", shown = typed) => {
      expect(notation(parse(decode(typed), members, title.startsWith("Rooms") ? rooms : null))).toBe(decode(shown));
    });
  });
}

it("is large enough", () => {
  expect(files.flatMap(({ cases }) => cases).length).toBeGreaterThan(300);
});
