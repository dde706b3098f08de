/**
 * What later entries make of a message:
 * - the newest edit counts, in whatever order the edits arrive
 * - a deleted message has no text and no reactions
 * - a wiped entry is a deleted message only if something deleted it; a wiped edit is no line
 * - reactions are counted by person, and can be taken back
 * - taking the same entries twice changes nothing
 * - what one did oneself is laid over before the server has it
 */
import { describe, expect, it } from "vitest";
import type { Entry } from "../src/backend/protocol";
import { Amendments, overlay } from "../src/rooms/fold";
import { Log } from "./fixtures/room";

const fold = (entry: Entry, ...later: Entry[]) => {
  const amendments = new Amendments();
  for (const one of later) amendments.add(one);
  return amendments.item(entry);
};

describe("fold", () => {
  it("shows the newest edit, in whatever order they arrive", () => {
    const log = new Log();
    const hi = log.says("bob", "hi");
    const first = log.add("bob", { kind: "edit", of: hi.id, text: "hi all" });
    const second = log.add("bob", { kind: "edit", of: hi.id, text: "hello all" });
    expect(fold(hi, second, first)).toMatchObject({ text: "hello all", edited: true });
  });

  it("shows a deleted message without text and reactions", () => {
    const log = new Log();
    const hi = log.says("bob", "hi");
    const like = log.add("ada", { kind: "react", to: hi.id, emoji: "👍", on: true });
    const gone = log.add("bob", { kind: "delete", of: hi.id });
    expect(fold(hi, gone, like)).toMatchObject({ text: "", deleted: true, edited: false, reactions: [] });
  });

  it("tells a wiped message from a wiped edit", () => {
    const log = new Log();
    const message = log.add("bob", { kind: "wiped" });
    const edit = log.add("bob", { kind: "wiped" });
    const gone = log.add("bob", { kind: "delete", of: message.id });
    expect(fold(message, gone)?.deleted).toBe(true);
    expect(fold(edit, gone)).toBeNull();
  });

  it("counts reactions by person, and takes them back", () => {
    const log = new Log();
    const hi = log.says("bob", "hi");
    const react = (who: string, on: boolean) => log.add(who, { kind: "react", to: hi.id, emoji: "👍", on });
    const later = [react("ada", true), react("lea", true), react("ada", false)];
    expect(fold(hi, ...later.reverse())?.reactions).toEqual([{ emoji: "👍", members: ["lea"] }]);
  });

  it("changes nothing when the same entries come twice", () => {
    const log = new Log();
    const hi = log.says("bob", "hi");
    const like = log.add("ada", { kind: "react", to: hi.id, emoji: "👍", on: true });
    expect(fold(hi, like, like)).toEqual(fold(hi, like));
  });

  it("lays over what one did oneself", () => {
    const log = new Log();
    const item = fold(log.says("alice", "hi"));
    if (!item) throw new Error("a message is a line");
    expect(overlay(item, { kind: "edit", of: item.id, text: "hello" }, "alice").text).toBe("hello");
    expect(overlay(item, { kind: "delete", of: item.id }, "alice").deleted).toBe(true);
    const liked = overlay(item, { kind: "react", to: item.id, emoji: "🎉", on: true }, "alice");
    expect(liked.reactions).toEqual([{ emoji: "🎉", members: ["alice"] }]);
    expect(overlay(liked, { kind: "react", to: item.id, emoji: "🎉", on: false }, "alice").reactions).toEqual([]);
  });
});
