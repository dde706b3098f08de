/**
 * The components' styles:
 * - every class that a component's style selects is named in the component; svelte-check can't see this for lists of classes
 * - the window's width is only compared with the breakpoints that scripts have as well
 * - nothing that Safari 16.0, the oldest browser, doesn't know, and the build doesn't replace
 */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { breakpoints } from "../src/shared/breakpoints";

const src = fileURLToPath(new URL("../src/", import.meta.url));
const files = readdirSync(src, { recursive: true, encoding: "utf8" }).sort();

/** The values of a member's availability, which are classes too. */
const availabilities = ["online", "away"];

/** The styles of each file. */
const styles = files
  .filter((path) => /\.(svelte|css)$/.test(path))
  .map((path) => {
    const source = readFileSync(src + path, "utf8");
    return { path, style: path.endsWith(".css") ? source : (/<style>[^]*<\/style>/.exec(source)?.[0] ?? "") };
  });

it("selects only classes that the component names", () => {
  const unused = styles
    .filter(({ path }) => path.endsWith(".svelte"))
    .flatMap(({ path, style }) => {
      const names = new Set(
        readFileSync(src + path, "utf8")
          .replace(style, "")
          .match(/[\w-]+/g),
      );
      const selected = [...style.matchAll(/\.([a-z][\w-]*)/g)].map(([, name]) => name ?? "");
      return selected
        .filter((name) => !names.has(name) && !availabilities.includes(name))
        .map((name) => `${path}: .${name}`);
    });
  expect(unused).toEqual([]);
});

it("compares the window's width only with breakpoints", () => {
  const below: string[] = Object.values(breakpoints);
  const known = [
    ...below,
    ...below.map((query) => query.replace("max", "min").replace(/\d+\.99/, (n) => `${Math.ceil(Number(n))}`)),
  ];
  const others = styles.flatMap(({ path, style }) =>
    [...style.matchAll(/@media ([^{]*)\{/g)]
      .flatMap(([, query = ""]) => query.match(/\([^()]*(?:width|height)[^()]*\)/g) ?? [])
      .filter((feature) => !known.includes(feature))
      .map((feature) => `${path}: ${feature}`),
  );
  expect(others).toEqual([]);
});

it("has nothing that Safari 16.0 doesn't know", () => {
  // `not` of one feature, the unit `lh`, and selectors, functions and rules, each with the version that knows it.
  const tooNew: Record<string, RegExp> = {
    "@media not, 16.4": /@media[^{]*\bnot \(/,
    "lh, 16.4": /\d\s*r?lh\b/,
    "color-mix(), 16.2": /color-mix\(/,
    ":popover-open, 17.0": /:popover-open/,
    "::details-content, 18.4": /::details-content/,
    ":state(), 17.4": /:state\(/,
    "@scope, 17.4": /@scope/,
    "@starting-style, 17.5": /@starting-style/,
    "@property, 16.4": /@property/,
    "anchor(), 26.0": /anchor(?:-size)?\(|position-anchor/,
    "relative colours, 16.4": /\b(?:rgb|hsl|oklch|oklab)\(from /,
  };
  const found = styles.flatMap(({ path, style }) =>
    Object.entries(tooNew).flatMap(([name, pattern]) => (pattern.test(style) ? [`${path}: ${name}`] : [])),
  );
  expect(found).toEqual([]);
});
