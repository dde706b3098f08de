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
  .map((file) => JSON.parse(readFileSync(new URL(file, folder), "utf8")) as Trace);

test("there are traces", () => {
  expect(traces.length).toBeGreaterThanOrEqual(20);
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
