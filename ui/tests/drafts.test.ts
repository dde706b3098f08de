/**
 * Drafts, in the tabs of one browser:
 * - a draft, a reply and an edit survive a reload, each for itself
 * - the newest change wins, whichever tab it is made in, even if the clock is set back
 * - a sent draft returns nowhere: not in another tab, not after a reload
 * - a reply or another edit doesn't drop the text of an edit, and the same edit goes on where it was
 * - a draft or an edit returns if the page ends before its message is stored, and doesn't if it ends after that, whatever
 *   blanks and empty lines are around its text
 * - an edit that changes nothing but empty lines around the text isn't saved
 * - a changed edit of a message that is deleted meanwhile, or was before the edit arrived, becomes the draft, below another one
 * - a draft is kept on a device whose clock is slow, although a message before it begins with its text
 * - a room's draft is marked as waiting until it is sent
 * - the drafts of a server are forgotten with it, and no others
 * - a draft that the browser has no room for is known to be lost when the page ends
 */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ComposerState } from "../src/chat/composer-state.svelte";
import { Drafts } from "../src/rooms/drafts.svelte";
import { type KeyValueStorage, LocalKeyValueStorage } from "../src/shared/storage";
import { RoomFixture, RoomLog } from "./fixtures/room";
import { stubLocalStorage } from "./fixtures/storage";

/** The storage of a browser. A change in one tab is reported to the others. */
class SharedStorage {
  readonly values = new Map<string, string>();
  readonly #tabs = new Set<() => void>();

  openTab(): KeyValueStorage {
    let onChange: () => void = () => undefined;
    const tab = () => onChange();
    this.#tabs.add(tab);
    return {
      get: (key) => this.values.get(key) ?? null,
      set: (key, value) => {
        if (value === null) this.values.delete(key);
        else this.values.set(key, value);
        for (const other of this.#tabs) if (other !== tab) other();
      },
      onExternalChange: (callback) => (onChange = callback),
    };
  }
}

function setUp() {
  const log = new RoomLog();
  const question = log.says("bob", "lunch?");
  const answer = log.says("alice", "yes");
  const fixture = new RoomFixture(log);
  fixture.room.open();
  const storage = new SharedStorage();
  const openTab = (room = fixture.room) => new ComposerState("server", room, new Drafts(storage.openTab()));
  const item = (id: string) => {
    const found = fixture.room.find(id);
    if (!found) throw new Error("the message was added");
    return found;
  };
  return { log, fixture, storage, openTab, question: item(question.id), answer: item(answer.id) };
}

describe("a draft", () => {
  beforeEach(() => void vi.useFakeTimers({ now: Date.UTC(2026, 2, 5, 12) }));
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it("survives a reload, as a reply and an edit do", () => {
    const { openTab, question, answer } = setUp();
    const tab = openTab();
    tab.text = "half a sen";
    tab.reply(question);
    tab.edit(answer);
    tab.text = "yes, at noon";
    const reloaded = openTab();
    expect([reloaded.text, reloaded.editing, reloaded.replyTo]).toEqual(["yes, at noon", answer.id, question.id]);
    reloaded.cancel();
    expect([reloaded.text, reloaded.editing, reloaded.replyTo]).toEqual(["half a sen", undefined, question.id]);
  });

  it("keeps the text of an edit when a reply, another edit or the same edit is begun", () => {
    const { log, fixture, openTab, question, answer } = setUp();
    const later = log.says("alice", "or not");
    fixture.receive(later);
    const other = fixture.room.find(later.id);
    if (!other) throw new Error("the message was added");
    const tab = openTab();
    tab.edit(answer);
    tab.text = "yes, at noon";
    expect([tab.reply(question), tab.edit(other), tab.edit(answer)]).toEqual([false, false, true]);
    expect([tab.text, tab.editing, tab.replyTo]).toEqual(["yes, at noon", answer.id, undefined]);
    tab.text = "yes";
    expect(tab.edit(other)).toBe(true);
    expect([tab.text, tab.editing]).toEqual(["or not", other.id]);
    expect(tab.reply(question)).toBe(true);
    expect([tab.text, tab.editing, tab.replyTo]).toEqual(["", undefined, question.id]);
  });

  it("saves a restored edit, unless it changes nothing", async () => {
    const { fixture, openTab, answer } = setUp();
    openTab().edit(answer);
    openTab().send();
    expect(fixture.sent("send")).toEqual([]);
    openTab().edit(answer);
    const reloaded = openTab();
    reloaded.text = "no";
    reloaded.send();
    expect(fixture.sent("send")).toMatchObject([{ body: { kind: "edit", of: answer.id, text: "no" } }]);
    await vi.advanceTimersByTimeAsync(0);
    expect(openTab().editing).toBeUndefined();
  });

  it("returns as an edit if the page ends before the edit is stored, until the message shows it", () => {
    const { log, fixture, openTab, answer } = setUp();
    openTab().text = "half a sen";
    const tab = openTab();
    tab.edit(answer);
    tab.text = "no";
    // Nothing after the call is executed, as in a crash.
    tab.send();
    expect([tab.text, tab.editing]).toEqual(["half a sen", undefined]);
    const elsewhere = new RoomFixture(log);
    elsewhere.room.open();
    const reloaded = openTab(elsewhere.room);
    reloaded.dropSentDraft();
    expect([reloaded.text, reloaded.editing]).toEqual(["no", answer.id]);
    elsewhere.receive(log.add("alice", { kind: "edit", of: answer.id, text: "no" }));
    reloaded.dropSentDraft();
    expect([reloaded.text, reloaded.editing]).toEqual(["half a sen", undefined]);
    expect(fixture.sent("send")).toHaveLength(1);
  });

  it("gets the changed text of an edit whose message is deleted meanwhile", () => {
    const { log, fixture, openTab, answer } = setUp();
    const [tab, other] = [openTab(), openTab()];
    tab.edit(answer);
    tab.text = "yes, at noon";
    expect(tab.recoverEdit()).toBeNull();
    fixture.receive(log.add("alice", { kind: "delete", of: answer.id }));
    expect([tab.recoverEdit(), tab.recoverEdit(), other.recoverEdit()]).toEqual(["deleted", null, null]);
    expect([tab.text, tab.editing, other.text, openTab().text]).toEqual([
      "yes, at noon",
      undefined,
      "yes, at noon",
      "yes, at noon",
    ]);
  });

  it("keeps its text above that of an edit whose message is deleted meanwhile", () => {
    const { log, fixture, openTab, question, answer } = setUp();
    const tab = openTab();
    tab.text = "half a sen";
    tab.reply(question);
    tab.edit(answer);
    tab.text = "yes, at noon";
    fixture.receive(log.add("alice", { kind: "delete", of: answer.id }));
    tab.recoverEdit();
    expect([tab.text, tab.editing, tab.replyTo]).toEqual(["half a sen\n\nyes, at noon", undefined, question.id]);
  });

  it("gets nothing from an edit that had changed nothing", () => {
    const { log, fixture, openTab, answer } = setUp();
    const tab = openTab();
    tab.edit(answer);
    fixture.receive(log.add("alice", { kind: "delete", of: answer.id }));
    expect([tab.recoverEdit(), tab.text, tab.editing]).toEqual([null, "", undefined]);
  });

  it("gets the text of an edit of a message that waits in another tab, which isn't called deleted", () => {
    const { fixture, openTab } = setUp();
    const tab = openTab();
    void fixture.room.post({ kind: "edit", of: "0199a0b0-0000-7000-8000-000000000099", text: "a whole idea" });
    const [edit] = fixture.room.outbox.sending;
    if (!edit) throw new Error("the edit is being sent");
    const error = { code: "unknown_entry", message: "There is no such message." } as const;
    fixture.room.outbox.set([{ ...edit, state: { state: "failed", error } }]);
    expect([tab.recoverEdit(), tab.text]).toEqual(["missing", "a whole idea"]);
  });

  it("gets the text of an edit that the server refused because its message was deleted before", () => {
    const { log, fixture, openTab, answer } = setUp();
    const tab = openTab();
    const mentions = [{ member: "bob", name: "Bob" }];
    void fixture.room.post({ kind: "edit", of: answer.id, text: "yes, @Bob", mentions });
    const [edit] = fixture.room.outbox.sending;
    if (!edit) throw new Error("the edit is being sent");
    fixture.receive(log.add("alice", { kind: "delete", of: answer.id }));
    const error = { code: "unknown_entry", message: "There is no such message." } as const;
    fixture.room.outbox.set([{ ...edit, state: { state: "failed", error } }]);
    tab.text = "half a sen";
    expect([tab.recoverEdit(), tab.recoverEdit()]).toEqual(["deleted", null]);
    expect(tab.text).toBe("half a sen\n\nyes, @Bob");
    expect(fixture.sent("discard")).toEqual([{ command: "discard", id: edit.id }]);
    tab.send();
    expect(fixture.sent("send").at(-1)).toMatchObject({ body: { kind: "message", mentions } });
  });

  it("is the newest of two tabs", () => {
    const { openTab } = setUp();
    const [first, second] = [openTab(), openTab()];
    first.text = "from the first";
    expect(second.text).toBe("from the first");
    vi.setSystemTime(Date.now() - 3_600_000);
    second.text = "from the second, after the clock was set back";
    expect(first.text).toBe("from the second, after the clock was set back");
    expect(openTab().text).toBe("from the second, after the clock was set back");
  });

  it("returns nowhere after it was sent", async () => {
    const { openTab } = setUp();
    const [first, second] = [openTab(), openTab()];
    first.text = "hello";
    second.send();
    await vi.advanceTimersByTimeAsync(0);
    expect([first.text, second.text, openTab().text]).toEqual(["", "", ""]);
    // The text that the first tab shows now is newer than the sent one.
    first.text = "he";
    expect(second.text).toBe("he");
  });

  it("returns if the page ends before the message is stored", () => {
    const { fixture, openTab } = setUp();
    const tab = openTab();
    tab.text = "hello";
    // Nothing after the call is executed, as in a crash.
    tab.send();
    expect(tab.text).toBe("");
    const elsewhere = new RoomFixture(fixture.log);
    elsewhere.room.open();
    const reloaded = openTab(elsewhere.room);
    reloaded.dropSentDraft();
    expect(reloaded.text).toBe("hello");
  });

  it("is dropped if the page ended after the message was stored, even without its last letters", async () => {
    const { fixture, storage, openTab } = setUp();
    const tab = openTab();
    tab.text = "hello, Bo";
    const beforeTheCrash = new Map(storage.values);
    vi.advanceTimersByTime(5_000);
    tab.text = "hello, Bob";
    tab.send();
    await vi.advanceTimersByTimeAsync(0);
    for (const [key, value] of beforeTheCrash) storage.values.set(key, value);
    const reloaded = openTab();
    expect(reloaded.text).toBe("hello, Bo");
    reloaded.dropSentDraft();
    expect([reloaded.text, openTab().text]).toEqual(["", ""]);
    expect(fixture.sent("send")).toHaveLength(1);
  });

  it.each(["    if (x)\n      y();", "\n \n  hello", "hello \n\n", " \n\thello  "])(
    "is dropped if the page ended after %j was stored",
    async (text) => {
      const { fixture, storage, openTab } = setUp();
      const tab = openTab();
      tab.text = text;
      const beforeTheCrash = new Map(storage.values);
      vi.advanceTimersByTime(5_000);
      tab.send();
      await vi.advanceTimersByTimeAsync(0);
      for (const [key, value] of beforeTheCrash) storage.values.set(key, value);
      const reloaded = openTab();
      expect(reloaded.text).toBe(text);
      reloaded.dropSentDraft();
      expect([reloaded.text, openTab().text]).toEqual(["", ""]);
      expect(fixture.sent("send")).toHaveLength(1);
    },
  );

  it.each([
    ["\n\nno", "no"],
    ["  no \n", "  no"],
  ])("isn't an edit any more once the message shows %j, which was saved as %j", (text, saved) => {
    const { log, openTab, answer } = setUp();
    const tab = openTab();
    tab.edit(answer);
    tab.text = text;
    // Nothing after the call is executed, as in a crash.
    tab.send();
    const elsewhere = new RoomFixture(log);
    elsewhere.room.open();
    elsewhere.receive(log.add("alice", { kind: "edit", of: answer.id, text: saved }));
    const reloaded = openTab(elsewhere.room);
    reloaded.dropSentDraft();
    expect(reloaded.editing).toBeUndefined();
  });

  it("isn't saved as an edit if only empty lines around the text are changed", () => {
    const { log, fixture, openTab } = setUp();
    const long = log.says("alice", "\n\nhello\n");
    fixture.receive(long);
    const item = fixture.room.find(long.id);
    if (!item) throw new Error("the message was added");
    const tab = openTab();
    tab.edit(item);
    tab.text = "\nhello";
    tab.send();
    expect([tab.editing, fixture.sent("send")]).toEqual([undefined, []]);
  });

  it("is kept if its author said the same before, or somebody else says it", () => {
    const { log, fixture, openTab } = setUp();
    openTab().text = "yes";
    fixture.receive(
      log.says("bob", "yes", undefined),
      log.add("bob", { kind: "message", text: "yes" }, Date.now() + 1000),
    );
    const reloaded = openTab();
    reloaded.dropSentDraft();
    expect(reloaded.text).toBe("yes");
  });

  it("is kept on a device whose clock is slow, although its author said the same before", () => {
    const { log, fixture, openTab } = setUp();
    const serverNow = Date.now() + 3_600_000;
    fixture.clock.set(serverNow);
    fixture.receive(log.add("alice", { kind: "message", text: "yes, again" }, serverNow - 60_000));
    openTab().text = "yes";
    const reloaded = openTab();
    reloaded.dropSentDraft();
    expect(reloaded.text).toBe("yes");
    fixture.receive(log.add("alice", { kind: "message", text: "yes, later" }, serverNow + 60_000));
    reloaded.dropSentDraft();
    expect(reloaded.text).toBe("");
  });

  it("is forgotten with its server", () => {
    const { fixture, storage } = setUp();
    const drafts = new Drafts(storage.openTab());
    for (const server of ["server", "other"]) new ComposerState(server, fixture.room, drafts).text = `to ${server}`;
    drafts.forget("server", [fixture.room]);
    const texts = ["server", "other"].map((server) => drafts.of(server, "room").content.text);
    expect(texts).toEqual(["", "to other"]);
    expect([...storage.values.keys()]).toEqual(["draft other room"]);
  });

  it("waits until it is sent", async () => {
    const { fixture, storage } = setUp();
    const drafts = new Drafts(storage.openTab());
    const composer = new ComposerState("server", fixture.room, drafts);
    const waiting = () => drafts.of("server", "room").isWaiting;
    expect(waiting()).toBe(false);
    composer.text = "  ";
    expect(waiting()).toBe(false);
    composer.text = "hello";
    expect(waiting()).toBe(true);
    expect(drafts.of("server", "another room").isWaiting).toBe(false);
    composer.send();
    expect(waiting()).toBe(false);
  });

  it("is known to be lost when the page ends, if the storage is full", () => {
    stubLocalStorage(40);
    vi.stubGlobal("addEventListener", vi.fn());
    vi.stubGlobal("document", { addEventListener: vi.fn() });
    const drafts = new Drafts(new LocalKeyValueStorage());
    const draft = drafts.of("server", "room");
    draft.set({ text: "short" });
    expect(drafts.areOnlyInMemory).toBe(false);
    draft.set({ text: "much too long for this small storage" });
    expect(drafts.areOnlyInMemory).toBe(true);
    draft.set({ text: "" });
    expect(drafts.areOnlyInMemory).toBe(false);
  });
});
