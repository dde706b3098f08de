/**
 * The key is the person.
 *
 * - the answer to a challenge is the one that docs/protocol.md gives as its example
 * - a fresh profile has a key of its own and a name that nobody has chosen
 */

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { Auth, Challenge } from "../protocol";
import { answer, freshProfile } from "./identity";

test("the answer to a challenge is the one that docs/protocol.md gives", () => {
  const docs = readFileSync(new URL("../../../../docs/protocol.md", import.meta.url), "utf8");
  const connecting = docs.split("\n## Connecting\n")[1] ?? "";
  const examples = [...connecting.matchAll(/```json\n([^`]*)```/g)].map(([, json]) => JSON.parse(json ?? ""));
  const [challenge, auth] = examples as [Challenge, Auth];
  const profile = { secret: new Uint8Array(32).fill(7), name: "Ada", named: true };
  expect(answer(profile, challenge, 1, auth.device)).toEqual(auth);
});

test("a fresh profile has a key of its own and a name that nobody has chosen", () => {
  const [one, other] = [freshProfile(), freshProfile()];
  expect(one.secret).toHaveLength(32);
  expect(one.secret).not.toEqual(other.secret);
  expect(one.named).toBe(false);
});
