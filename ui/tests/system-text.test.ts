/**
 * The sentences of system entries:
 * - a renamed member is named as before and after, even if others have those names now
 * - without the earlier name, the sentence names nobody
 * - a topic with direction controls doesn't reorder the sentence around it
 */
import { expect, it } from "vitest";
import type { Body } from "../src/backend/protocol";
import { systemSentences } from "../src/chat/system-text";
import { Amendments, type Item } from "../src/rooms/fold";

function sentences(...bodies: Body[]): string[] {
  const items = bodies.map((body, i) => {
    const entry = { seq: i + 1, id: `entry ${i}`, author: "ben", device: "d", at: 0, body };
    return new Amendments().item(entry) as Item;
  });
  // Isolates keep a name's direction apart from that of the sentence.
  return systemSentences(items, () => "Ada Lovelace").map((sentence) => sentence.replace(/[\u2068\u2069]/g, ""));
}

it("names a renamed member as before and after", () => {
  expect(
    sentences(
      { kind: "member_renamed", name: "Ada Lovelace", from: "Ben Okafor" },
      { kind: "member_renamed", name: "Ben Okafor", from: "Ada Lovelace" },
    ),
  ).toEqual(["Ben Okafor is now called Ada Lovelace", "Ada Lovelace is now called Ben Okafor"]);
});

it("names nobody without the earlier name", () => {
  expect(sentences({ kind: "member_renamed", name: "Ada Lovelace" })).toEqual(["Somebody is now called Ada Lovelace"]);
});

it("keeps a topic's direction controls out of the sentence", () => {
  expect(sentences({ kind: "topic", text: "\u2069\u202Egnp.exe" })).toEqual(["Ada Lovelace set the topic: gnp.exe"]);
});
