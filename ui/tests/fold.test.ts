/**
 * Folding amendments into messages:
 * - the newest edit is shown, regardless of the order of arrival
 * - a deleted message has neither text nor reactions
 * - a wiped entry is shown as a deleted message only if an amendment deletes it; a wiped edit is not shown
 * - reactions are grouped by emoji, in whatever form an old entry has it, and can be removed
 * - adding an entry twice changes nothing
 * - the user's own changes are applied before the server accepts them
 * - an entry of a later version is shown, and amends nothing
 */
import { describe, expect, it } from "vitest";
import type { Body, Entry } from "../src/backend/protocol";
import { Amendments, applyChange } from "../src/rooms/fold";
import { RoomLog } from "./fixtures/room";

const fold = (entry: Entry, ...later: Entry[]) => {
  const amendments = new Amendments();
  for (const amendment of later) amendments.add(amendment);
  return amendments.item(entry);
};

describe("fold", () => {
  it("shows the newest edit, regardless of the order of arrival", () => {
    const log = new RoomLog();
    const hi = log.says("bob", "hi");
    const first = log.add("bob", { kind: "edit", of: hi.id, text: "hi all" });
    const second = log.add("bob", { kind: "edit", of: hi.id, text: "hello all" });
    expect(fold(hi, second, first)).toMatchObject({ text: "hello all", edited: true });
  });

  it("removes text and reactions of a deleted message", () => {
    const log = new RoomLog();
    const hi = log.says("bob", "hi");
    const like = log.add("ada", { kind: "react", to: hi.id, emoji: "👍", on: true });
    const gone = log.add("bob", { kind: "delete", of: hi.id });
    expect(fold(hi, gone, like)).toMatchObject({ text: "", deleted: true, edited: false, reactions: [] });
  });

  it("distinguishes a wiped message from a wiped edit", () => {
    const log = new RoomLog();
    const message = log.add("bob", { kind: "wiped" });
    const edit = log.add("bob", { kind: "wiped" });
    const gone = log.add("bob", { kind: "delete", of: message.id });
    expect(fold(message, gone)?.deleted).toBe(true);
    expect(fold(edit, gone)).toBeNull();
  });

  it("groups reactions by emoji, and removes them", () => {
    const log = new RoomLog();
    const hi = log.says("bob", "hi");
    const react = (author: string, on: boolean) => log.add(author, { kind: "react", to: hi.id, emoji: "👍", on });
    const later = [react("ada", true), react("lea", true), react("ada", false)];
    expect(fold(hi, ...later.reverse())?.reactions).toEqual([{ emoji: "👍", members: ["lea"] }]);
  });

  it("counts the forms of one emoji together", () => {
    const log = new RoomLog();
    const hi = log.says("bob", "hi");
    const react = (author: string, emoji: string, on: boolean) =>
      log.add(author, { kind: "react", to: hi.id, emoji, on });
    const later = [
      react("ada", "\u2764", true),
      react("lea", "\u2764\ufe0f", true),
      react("ada", "\u2764\ufe0f", false),
    ];
    expect(fold(hi, ...later)?.reactions).toEqual([{ emoji: "\u2764\ufe0f", members: ["lea"] }]);
    const old = log.add("ada", { kind: "react", to: hi.id, emoji: "yes", on: true });
    expect(fold(hi, old)?.reactions).toEqual([{ emoji: "yes", members: ["ada"] }]);
  });

  it("is idempotent", () => {
    const log = new RoomLog();
    const hi = log.says("bob", "hi");
    const like = log.add("ada", { kind: "react", to: hi.id, emoji: "👍", on: true });
    expect(fold(hi, like, like)).toEqual(fold(hi, like));
  });

  it("applies the user's own changes", () => {
    const log = new RoomLog();
    const item = fold(log.says("alice", "hi"));
    if (!item) throw new Error("a message is an item");
    expect(applyChange(item, { kind: "edit", of: item.id, text: "hello" }, "alice").text).toBe("hello");
    expect(applyChange(item, { kind: "delete", of: item.id }, "alice").deleted).toBe(true);
    const liked = applyChange(item, { kind: "react", to: item.id, emoji: "🎉", on: true }, "alice");
    expect(liked.reactions).toEqual([{ emoji: "🎉", members: ["alice"] }]);
    expect(applyChange(liked, { kind: "react", to: item.id, emoji: "🎉", on: false }, "alice").reactions).toEqual([]);
  });

  it("shows an entry of a later version, which amends nothing", () => {
    const log = new RoomLog();
    const hi = log.says("bob", "hi");
    const unknown = log.add("bob", { kind: "hologram", of: hi.id } as unknown as Body);
    expect(new Amendments().add(unknown)).toBeNull();
    expect(fold(unknown)).toMatchObject({ isMessage: false, deleted: false });
  });
});
