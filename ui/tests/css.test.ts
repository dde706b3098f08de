/**
 * The components' styles:
 * - every class that a component's style selects is named in the component; svelte-check can't see this for lists of classes
 * - the window's width is only compared with the breakpoints that scripts have as well
 * - colours, layers, sizes of text, weights and durations are tokens: none is written in a component
 * - every token that is used is declared, and every one that is declared is used
 * - nothing that Safari 16.0, the oldest browser, doesn't know, and the build doesn't replace
 */
import { colorsNamed } from "culori";
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

/** The declarations of components and plain elements, without comments. */
const declarations = styles
  .filter(({ path }) => !/(?:tokens|fonts)\.css$/.test(path))
  .flatMap(({ path, style }) =>
    [...style.replace(/\/\*[^]*?\*\//g, "").matchAll(/([\w-]+):\s*([^;{}]+);/g)].map(
      ([, property = "", value = ""]) => ({ path, property, value }),
    ),
  );

it("writes no colour, layer, size of text, weight or duration that is not a token", () => {
  const namesColour = (value: string) => value.split(/[^\w-]+/).some((word) => word.toLowerCase() in colorsNamed);
  const raw = declarations.filter(({ property, value }) => {
    if (/#[\da-f]{3,8}\b|\b(?:rgba?|hsla?|hwb|(?:ok)?l(?:ab|ch)|color|light-dark)\(/i.test(value)) return true;
    if (/colou?r|background|border|outline|shadow|fill|stroke/.test(property) && namesColour(value)) return true;
    if (property === "z-index") return !/^var\(--layer-[\w-]+\)$/.test(value);
    if (property === "font-size") return !/^(?:var\(--size-[\w-]+\)|[\d.]+em|inherit)$/.test(value);
    if (property === "font-weight") return !/^(?:var\(--weight-[\w-]+\)|inherit)$/.test(value);
    // `appear` is a delay, and not a motion.
    if (/^(?:transition|animation)/.test(property)) return /\d(?:ms|s)\b/.test(value) && !value.startsWith("appear ");
    return false;
  });
  expect(raw.map(({ path, property, value }) => `${path}: ${property}: ${value}`)).toEqual([]);
});

it("declares every token that is used, and uses every one that is declared", () => {
  const sources = files
    .filter((path) => /\.(?:svelte|css)$/.test(path))
    .map((path) => ({ path, source: readFileSync(src + path, "utf8") }));
  const declared = new Set(
    sources.flatMap(({ source }) =>
      [...source.matchAll(/(--[\w-]+):|(?<=style:)--[\w-]+/g)].map(([all, name]) => name ?? all),
    ),
  );
  const used = new Set(
    sources.flatMap(({ source }) => [...source.matchAll(/var\((--[\w-]+)/g)].map(([, name]) => name ?? "")),
  );
  expect([...used].filter((name) => !declared.has(name))).toEqual([]);
  expect([...declared].filter((name) => !used.has(name))).toEqual([]);
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
