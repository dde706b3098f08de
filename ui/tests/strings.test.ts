/**
 * The interface's texts:
 * - no text contains an identifier of the code, as a careless rename leaves one behind
 * - the banner counts waiting messages and changes apart
 * - numbers are written in the language of their sentences, whatever the browser's is
 */
import { execFileSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { transformWithOxc } from "vite";
import { expect, it } from "vitest";
import { strings } from "../src/shared/strings";

/** Returns all texts without parameters. */
function texts(node: unknown): string[] {
  if (typeof node === "string") return [node];
  if (typeof node === "object" && node !== null) return Object.values(node).flatMap(texts);
  return [];
}

it("contains no identifier of the code", () => {
  expect(texts(strings).filter((text) => /[a-z][A-Z]/.test(text))).toEqual([]);
});

it("counts waiting messages and changes apart", () => {
  const { waiting } = strings.banner;
  expect(waiting(1, 0)).toBe("1 message waits to be sent.");
  expect(waiting(0, 3)).toBe("3 changes wait to be sent.");
  expect(waiting(2, 1)).toBe("2 messages and 1 change wait to be sent.");
});

it("writes numbers in the language of their sentences", async () => {
  const file = new URL("../src/shared/strings.ts", import.meta.url).pathname;
  const { code } = await transformWithOxc(await readFile(file, "utf8"), file);
  const script = `${code}
    console.log(strings.rooms.unread(1234, 2345) + ", " + strings.chat.newAbove(4321) + ", " + strings.settings.percent(11));`;
  const env = { ...process.env, LC_ALL: "de_DE.UTF-8" };
  const shown = execFileSync(process.execPath, ["--input-type=module", "--eval", script], { env, encoding: "utf8" });
  expect(shown.trim()).toBe("1,234 unread, 2,345 mention you, 4,321 new, 1,100%");
});
