/**
 * The session against the traces in `crates/protocol/vectors/session/`, which the Rust session passes as well:
 * - each input of a trace gives exactly the effects that the trace lists
 * - neither an input nor an effect is mutated later
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

test("the traces are found", () => {
  expect(traces).not.toEqual([]);
});

describe.each(traces)("$name", ({ about, steps }) => {
  test(about, () => {
    const session = new Session();
    const results = steps.map(({ now, input }) => session.step(now, deepFreeze(input)));
    // Compared after the last step and as JSON, in which an undefined field is absent.
    for (const [i, { input, effects }] of steps.entries())
      expect(toJson(results[i]), `step ${i}: ${JSON.stringify(input)}`).toEqual(effects);
  });
});

/** Makes every attempt to mutate a value throw. */
function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null) Object.values(value).forEach(deepFreeze);
  return Object.freeze(value);
}

function toJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

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
  return Array.from({ length: last - first + 1 }, (_, i) => {
    const digits = String(first + i);
    const filled = template.replaceAll('"{n}"', digits).replaceAll("{n:12}", digits.padStart(12, "0"));
    return JSON.parse(filled.replaceAll("{n}", digits)) as unknown;
  });
}
