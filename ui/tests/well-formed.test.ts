/**
 * Well-formed text:
 * - half of a surrogate pair becomes U+FFFD, at any depth of a value; everything else stays
 * - what a person sends is well-formed, also where they see it at once
 */
import { expect, it } from "vitest";
import { wellFormed } from "../src/shared/well-formed";
import { RoomFixture, RoomLog } from "./fixtures/room";

it("replaces half of a surrogate pair at any depth, and nothing else", () => {
  expect(wellFormed("half \ud83d")).toBe("half \ufffd");
  expect(wellFormed("\ude00\ud83d 😀 🏴󠁧󠁢󠁥󠁮󠁧󠁿")).toBe("\ufffd\ufffd 😀 🏴󠁧󠁢󠁥󠁮󠁧󠁿");
  const value = { text: "a\ud83d", list: ["\udc00", 7, null], on: true };
  expect(wellFormed(value)).toEqual({ text: "a\ufffd", list: ["\ufffd", 7, null], on: true });
});

it("is what a person sends", () => {
  const { room, commands } = new RoomFixture(new RoomLog());
  room.send("half \ud83d");
  room.post({ kind: "topic", text: "\ud83d" });
  const bodies = commands.flatMap((command) => (command.command === "send" ? [command.body] : []));
  expect(bodies).toEqual([
    { kind: "message", text: "half \ufffd" },
    { kind: "topic", text: "\ufffd" },
  ]);
  expect(room.pendingMessages.map(({ item }) => item.text)).toEqual(["half \ufffd"]);
});
