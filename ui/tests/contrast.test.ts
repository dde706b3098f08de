/**
 * The contrast of the colours in `tokens.css`, by day, by night, and for those who want more of it, by WCAG 2.2:
 * - a text has 4.5:1 to every ground that it is on (1.4.3), or 7:1 where more contrast is wanted (1.4.6)
 * - the edges of controls, the focus and the signs of states have 3:1 to what is beside them (1.4.11), or 4.5:1
 * - the list of rooms differs from the room beside it
 * - every person's colour has the same lightness
 * - every colour that a component uses is in one of these pairs
 * - the app's window has the ground of a dark page from its first frame on
 */
import { blend, clampGamut, type Color, converter, formatHex, parse, wcagContrast } from "culori";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const src = fileURLToPath(new URL("../src/", import.meta.url));
const tokens = readFileSync(`${src}shared/tokens.css`, "utf8").replace(/\/\*[^]*?\*\//g, "");

/** Returns the declarations of all rules with exactly this selector, optionally inside this media query. */
function declarations(selector: string, media?: string): Map<string, string> {
  const query =
    media === undefined ? undefined : new RegExp(`@media \\(${media}\\) \\{([^]*?)\\n\\}`).exec(tokens)?.[1];
  const source = media === undefined ? tokens.replace(/@media[^]*?\n\}/g, "") : (query ?? "");
  const found = new Map<string, string>();
  for (const [, rule, body] of source.matchAll(/([^{}]+)\{([^{}]*)\}/g))
    if (rule?.trim() === selector)
      for (const [, name, value] of (body ?? "").matchAll(/(--[\w-]+):\s*([^;]+);/g))
        if (name !== undefined && value !== undefined) found.set(name, value.replace(/\s+/g, " ").trim());
  return found;
}

const base = declarations(":root");
const person = declarations('[class*="hue-"]');
const hues = Array.from({ length: 12 }, (_, i) => declarations(`.hue-${i}`));

interface Look {
  scheme: "light" | "dark";
  more: boolean;
}
const looks: readonly Look[] = [false, true].flatMap((more) => [
  { scheme: "light", more },
  { scheme: "dark", more },
]);
const titleOf = ({ scheme, more }: Look) => scheme + (more ? ", more contrast" : "");

/** Returns the arguments of a CSS function. */
function argumentsOf(call: string): string[] {
  const args = [""];
  let depth = 0;
  for (const character of call.slice(call.indexOf("(") + 1, -1)) {
    if (character === "," && depth === 0) args.push("");
    else args[args.length - 1] += character;
    depth += Number(character === "(") - Number(character === ")");
  }
  return args.map((arg) => arg.trim());
}

/** Returns the colour of a token in a look. */
function colourOf(token: string, look: Look, own = new Map<string, string>()): Color {
  const values = new Map([...base, ...(look.more ? declarations(":root", "prefers-contrast: more") : []), ...own]);
  const resolve = (value: string): string => {
    if (value.startsWith("light-dark(")) return resolve(argumentsOf(value)[look.scheme === "light" ? 0 : 1] ?? "");
    const replaced = value.replace(/var\((--[\w-]+)\)/g, (_, name: string) => {
      const found = values.get(name);
      if (found === undefined) throw new Error(`${name} is not a token`);
      return found;
    });
    return replaced === value ? value : resolve(replaced);
  };
  const text = resolve(`var(${token})`);
  const colour = parse(text);
  if (!colour) throw new Error(`${token} is not a colour: ${text}`);
  return colour;
}

const toSrgb = clampGamut("rgb");

/** Returns what is seen of colours that lie over each other, the lowest first. */
const seen = (ground: Color, ...above: Color[]): Color => toSrgb(blend([ground, ...above])) ?? ground;

/** The grounds of messages, dialogs, panels and rows, each as the tokens that lie over each other. */
const grounds = {
  room: [["surface"], ["surface", "surface-row"], ["surface", "surface-hover"], ["surface", "accent-soft"]],
  sidebar: [["surface-sidebar"], ["surface-sidebar", "surface-hover"], ["surface-sidebar", "accent-soft"]],
  raised: [["surface-raised"], ["surface-raised", "surface-hover"], ["surface-raised", "accent-soft"]],
  code: [
    ["surface", "surface-code"],
    ["surface", "surface-row", "surface-code"],
    ["surface", "accent-soft", "surface-code"],
  ],
  mention: [
    ["surface", "mention"],
    ["surface", "surface-row", "mention"],
    ["surface", "accent-soft", "mention"],
  ],
  /** Links and mentions of others in a message. */
  pill: [
    ["surface", "accent-soft"],
    ["surface", "surface-row", "accent-soft"],
  ],
} as const;
const everywhere = [...grounds.room, ...grounds.sidebar, ...grounds.raised];

type Ground = readonly [string, ...string[]];
/** Texts, with what they are on. */
const texts: Record<string, readonly Ground[]> = {
  text: [...everywhere, ...grounds.code, ...grounds.mention],
  "text-2": [...everywhere, ...grounds.code, ...grounds.mention, ...grounds.pill],
  "text-3": [...everywhere, ...grounds.code],
  accent: [...everywhere, ...grounds.pill],
  "accent-text": [["accent"], ["accent-hover"]],
  "unread-text": [["unread"]],
  "count-text": [["count"]],
  new: [["surface"]],
  danger: [...everywhere, ["danger-soft"], ...grounds.code],
  "warn-text": [["warn-soft"], ["surface"], ["surface-raised"]],
  "code-comment": grounds.code,
  "code-keyword": grounds.code,
  "code-string": grounds.code,
  "code-number": grounds.code,
  "code-name": grounds.code,
  "qr-foreground": [["qr-background"]],
};
/** Edges and signs, with what is beside them. */
const signs: Record<string, readonly Ground[]> = {
  "border-strong": [["surface"], ["surface-raised"], ["surface-sidebar"]],
  accent: everywhere,
  success: [["surface"], ["surface-raised"]],
  away: [["surface"], ["surface-raised"], ["surface-sidebar"]],
};
const nameGrounds: readonly Ground[] = [
  ["surface"],
  ["surface", "surface-row"],
  ["surface", "accent-soft"],
  ["surface-raised"],
  ["surface-raised", "accent-soft"],
];
/** Colours that only decorate: without them, everything is still seen and told apart. */
const decoration = ["border", "selection", "focus-glow", "backdrop", "mask", "shadow-floating", "shadow-modal"];

const contrast = (token: string, [ground, ...above]: Ground, look: Look, own?: Map<string, string>) => {
  const below = seen(colourOf(`--${ground}`, look), ...above.map((name) => colourOf(`--${name}`, look)));
  return wcagContrast(seen(below, colourOf(`--${token}`, look, own)), below);
};

/** Returns the pairs with less than this contrast. */
const tooLow = (pairs: Record<string, readonly Ground[]>, least: number, look: Look) =>
  Object.entries(pairs).flatMap(([token, on]) =>
    on
      .map((ground) => ({ ground, ratio: contrast(token, ground, look) }))
      .filter(({ ratio }) => ratio < least)
      .map(({ ground, ratio }) => `${token} on ${ground.join(" + ")}: ${ratio.toFixed(2)}`),
  );

describe.each(looks.map((look) => [titleOf(look), look] as const))("the colours, %s", (_, look) => {
  it("let every text be read", () => expect(tooLow(texts, look.more ? 7 : 4.5, look)).toEqual([]));

  it("show every edge and state", () => expect(tooLow(signs, look.more ? 4.5 : 3, look)).toEqual([]));

  it("tell the list of rooms from the room", () => {
    expect(contrast("surface-sidebar", ["surface"], look)).toBeGreaterThanOrEqual(1.15);
  });

  it("let every person's name be read", () => {
    for (const [i, hue] of hues.entries())
      for (const ground of nameGrounds)
        expect(
          contrast("name-colour", ground, look, new Map([...person, ...hue])),
          `${i} on ${ground.join(" + ")}`,
        ).toBeGreaterThanOrEqual(look.more ? 7 : 4.5);
  });

  it("give all people the same lightness", () => {
    const lightness = hues.map(
      (hue) => converter("oklch")(colourOf("--name-colour", look, new Map([...person, ...hue]))).l,
    );
    expect(new Set(lightness).size).toBe(1);
  });
});

it("pairs every colour that a component uses with its grounds", () => {
  const paired = new Set([
    ...Object.keys(texts),
    ...Object.keys(signs),
    ...decoration,
    ...[...Object.values(texts), ...Object.values(signs)].flat(2),
  ]);
  const colours = [...base].filter(([, value]) => /oklch|--neutral/.test(value)).map(([name]) => name.slice(2));
  const used = readdirSync(src, { recursive: true, encoding: "utf8" })
    .filter((path) => /\.(svelte|css)$/.test(path) && !path.endsWith("tokens.css"))
    .flatMap((path) =>
      [...readFileSync(src + path, "utf8").matchAll(/var\(--([\w-]+)\)/g)].map(([, name]) => name ?? ""),
    );
  const unpaired = colours.filter((name) => !name.startsWith("neutral-") && used.includes(name) && !paired.has(name));
  const unused = colours.filter((name) => !name.startsWith("neutral-") && !used.includes(name));
  expect({ unpaired, unused }).toEqual({ unpaired: [], unused: [] });
});

it("is that of the app's window before its page is there", () => {
  const app = readFileSync(new URL("../../src-tauri/src/appearance.rs", import.meta.url), "utf8");
  const [, ...dark] = /const DARK: Color = Color\(0x(..), 0x(..), 0x(..), 0xff\)/.exec(app) ?? [];
  expect(`#${dark.join("")}`).toBe(formatHex(toSrgb(colourOf("--surface", { scheme: "dark", more: false }))));
});
