/**
 * The sentences of system entries:
 * - a renamed member is named as before and after, even if others have those names now
 * - without the earlier name, the sentence names nobody
 * - people of one name are distinguished by their keys, also where they join together
 * - a topic with direction controls doesn't reorder the sentence around it
 */
import { expect, it } from "vitest";
import type { Body } from "../src/backend/protocol";
import { systemSentences } from "../src/chat/system-text";
import { Amendments, type Item } from "../src/rooms/fold";
import { withKeyTag } from "../src/servers/tagged-name";
import { isolate } from "../src/shared/bidi";
import { RoomFixture, RoomLog } from "./fixtures/room";

const item = (author: string, body: Body, i: number) =>
  new Amendments().item({ seq: i + 1, id: `entry ${i}`, author, device: "d", at: 0, body }) as Item;

// Isolates keep a name's direction apart from that of the sentence.
const withoutIsolates = (sentence: string) => sentence.replace(/[\u2068\u2069]/g, "");

function sentences(...bodies: Body[]): string[] {
  const items = bodies.map((body, i) => item("ben", body, i));
  return systemSentences(items, { knownName: () => "Ada Lovelace", tagged: (name) => isolate(name) }).map(
    withoutIsolates,
  );
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

it("distinguishes people of one name", () => {
  const { room } = new RoomFixture(new RoomLog());
  room.setMembers([
    { id: "k3Y9aa", name: "Ada" },
    { id: "x9Yz34", name: "Ada" },
    { id: "ben", name: "Ben" },
  ]);
  const names = {
    knownName: (member: string) => room.nameOf(member),
    tagged: (name: string, member: string) => withKeyTag(name, room, member),
  };
  const joined = (author: string, i: number) => item(author, { kind: "joined", name: room.nameOf(author) ?? "" }, i);
  const items = [joined("k3Y9aa", 0), joined("x9Yz34", 1), item("x9Yz34", { kind: "left" }, 2), joined("ben", 3)];
  expect(systemSentences(items, names).map(withoutIsolates)).toEqual([
    "Ada (key k3Y9) and Ada (key x9Yz) joined",
    "Ada (key x9Yz) left",
    "Ben joined",
  ]);
});
