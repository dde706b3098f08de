/**
 * The session machine does what the traces beside the protocol say, as the one in Rust does.
 *
 * - every trace replays: each input gives exactly the effects that stand beside it
 * - what a step has handed out is not changed by a later one
 */

import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Effect, Input } from "../session-types";
import { Session } from "./index";

interface Trace {
  name: string;
  about: string;
  steps: { now: number; input: Input; effects: Effect[] }[];
}

const folder = new URL("../../../../crates/protocol/vectors/session/", import.meta.url);
const traces = readdirSync(folder)
  .filter((file) => file.endsWith(".json"))
  .sort()
  .map((file) => expand(JSON.parse(readFileSync(new URL(file, folder), "utf8"))) as Trace);

/** Expands repetitions; `crates/protocol/vectors/README.md` describes them. */
function expand(value: unknown): unknown {
  if (Array.isArray(value)) return value.flatMap(expandItem);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, expand(field)]));
}

function expandItem(item: unknown): unknown[] {
  if (typeof item !== "object" || item === null || !("repeat" in item)) return [expand(item)];
  const { repeat, of } = item as { repeat: [number, number]; of: unknown };
  const [first, last] = repeat;
  const template = JSON.stringify(of);
  return Array.from({ length: last - first + 1 }, (_, at) => {
    const digits = String(first + at);
    const filled = template.replaceAll('"{n}"', digits).replaceAll("{n:12}", digits.padStart(12, "0"));
    return JSON.parse(filled.replaceAll("{n}", digits)) as unknown;
  });
}

test("there are traces", () => {
  expect(traces).not.toEqual([]);
});

describe.each(traces)("$name", ({ about, steps }) => {
  test(about, () => {
    const session = new Session();
    const given = steps.map(({ now, input }) => session.step(now, frozen(input)));
    const expected = steps.map(({ effects }) => effects);
    // As JSON: what is absent there may be undefined here.
    for (const [at, step] of steps.entries())
      expect(plain(given[at]), `step ${at}: ${JSON.stringify(step.input)}`).toEqual(expected[at]);
  });
});

/** Whoever changes an input, or what was made of it, throws. */
function frozen<T>(value: T): T {
  if (typeof value === "object" && value !== null) Object.values(value).forEach(frozen);
  return Object.freeze(value);
}

function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
