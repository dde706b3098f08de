/**
 * The components' styles:
 * - every class that a component's style selects is named in the component; svelte-check can't see this for lists of classes
 */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const src = fileURLToPath(new URL("../src/", import.meta.url));

/** The values of a member's availability, which are classes too. */
const availabilities = ["online", "away"];

it("selects only classes that the component names", () => {
  const components = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".svelte"));
  const unused = components.flatMap((path) => {
    const source = readFileSync(src + path, "utf8");
    const style = /<style>[^]*<\/style>/.exec(source)?.[0] ?? "";
    const names = new Set(source.replace(style, "").match(/[\w-]+/g));
    const selected = [...style.matchAll(/\.([a-z][\w-]*)/g)].map(([, name]) => name ?? "");
    return selected
      .filter((name) => !names.has(name) && !availabilities.includes(name))
      .map((name) => `${path}: .${name}`);
  });
  expect(unused).toEqual([]);
});
