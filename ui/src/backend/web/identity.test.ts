/**
 * The browser's identity:
 * - a signed challenge equals the example in docs/protocol.md
 * - a new profile has a key of its own, and a suggested name
 */

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { Auth, Challenge } from "../protocol";
import { createProfile, signChallenge } from "./identity";

test("a signed challenge equals the example in docs/protocol.md", async () => {
  const docs = readFileSync(new URL("../../../../docs/protocol.md", import.meta.url), "utf8");
  const connecting = docs.split("\n## Connecting\n")[1] ?? "";
  const examples = [...connecting.matchAll(/```json\n([^`]*)```/g)].map(([, json]) => JSON.parse(json ?? ""));
  const [challenge, auth] = examples as [Challenge, Auth];
  const profile = { privateKey: new Uint8Array(32).fill(7), name: "Ada", nameChosen: true };
  expect(await signChallenge(profile, challenge, 1, auth.device)).toEqual(auth);
});

test("a new profile has a key of its own, and a suggested name", () => {
  const [one, other] = [createProfile(), createProfile()];
  expect(one.privateKey).toHaveLength(32);
  expect(one.privateKey).not.toEqual(other.privateKey);
  for (const { name, nameChosen } of [one, other]) {
    expect(name).toMatch(/^\p{Lu}\p{L}+ \p{Lu}\p{L}+$/u);
    expect(nameChosen).toBe(false);
  }
});
