/**
 * Writing messages:
 * - a draft is kept per room until it is sent
 * - an edit sets the draft aside and restores it (drafts themselves: `drafts.test.ts`)
 * - Esc cancels the edit, then the reply
 * - the edit of a message that isn't loaded is not that of one that waits
 * - a message keeps the blanks before its first word, and loses empty lines around it
 * - typing is sent once in three seconds, and ends after a pause
 * - the edit of an unsent message is reported again while the user types, but not with every key
 */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ComposerState } from "../src/chat/composer-state.svelte";
import { EditSignal } from "../src/chat/edit-signal";
import { messageText } from "../src/rooms/message-text";
import { Drafts } from "../src/rooms/drafts.svelte";
import { TypingSignal } from "../src/chat/typing-signal";
import { RoomFixture, RoomLog } from "./fixtures/room";
import { DeviceStorage } from "./fixtures/storage";

function setUp() {
  const log = new RoomLog();
  log.says("bob", "lunch?");
  log.says("alice", "yes");
  const fixture = new RoomFixture(log);
  fixture.room.open();
  const storage = new DeviceStorage();
  const openComposer = () => new ComposerState("server", fixture.room, new Drafts(storage));
  const [question, answer] = fixture.room.items;
  if (!question || !answer) throw new Error("two messages were added");
  return { fixture, storage, openComposer, question, answer };
}

describe("ComposerState", () => {
  it("keeps a draft until it is sent", async () => {
    const { fixture, openComposer, question } = setUp();
    const first = openComposer();
    first.text = "half a sen";
    first.reply(question);
    const second = openComposer();
    expect([second.text, second.replyTo]).toEqual(["half a sen", question.id]);
    second.send();
    expect(fixture.room.pendingMessages[0]?.item.body).toMatchObject({ text: "half a sen", reply_to: question.id });
    await vi.waitFor(() => expect(openComposer().text).toBe(""));
  });

  it("restores the draft after an edit", () => {
    const { fixture, openComposer, answer } = setUp();
    const composer = openComposer();
    composer.text = "draft";
    composer.edit(answer);
    composer.text = "yes, at noon";
    composer.send();
    expect(composer.text).toBe("draft");
    expect(fixture.room.find(answer.id)?.text).toBe("yes, at noon");
  });

  it("cancels the edit, then the reply", () => {
    const { openComposer, question, answer } = setUp();
    const composer = openComposer();
    composer.reply(question);
    composer.edit(answer);
    expect([composer.cancel(), composer.editing, composer.replyTo]).toEqual(["unchanged", undefined, question.id]);
    expect([composer.cancel(), composer.replyTo]).toEqual(["unchanged", undefined]);
    expect(composer.cancel()).toBe("nothing");
  });

  it("takes a message that isn't loaded for one in the log", () => {
    const { fixture, storage, openComposer, answer } = setUp();
    openComposer().edit(answer);
    const { room } = new RoomFixture(fixture.log);
    const reloaded = new ComposerState("server", room, new Drafts(storage));
    expect([reloaded.editing, reloaded.waitingEdit]).toEqual([answer.id, undefined]);
  });

  it("sends no empty message", () => {
    const { openComposer } = setUp();
    const composer = openComposer();
    composer.text = "  \n ";
    expect(composer.send()).toBe(false);
  });
});

describe("messageText", () => {
  it("keeps the blanks before the first word, and drops empty lines around the text", () => {
    expect(messageText(" \n\n    if (x)\n      y();\n\n ")).toBe("    if (x)\n      y();");
    expect(messageText(" \n ")).toBe("");
  });
});

describe("TypingSignal", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("is sent once in three seconds and ends after a pause", () => {
    const sent: boolean[] = [];
    const signal = new TypingSignal((on) => sent.push(on));
    for (let i = 0; i < 10; i++) {
      signal.onInput();
      vi.advanceTimersByTime(400);
    }
    expect(sent).toEqual([true, true]);
    vi.advanceTimersByTime(5000);
    expect(sent).toEqual([true, true, false]);
    signal.stop();
    expect(sent.length).toBe(3);
  });
});

describe("EditSignal", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("is repeated while the user types, but not with every key, and ends", () => {
    const sent: [string, boolean][] = [];
    const signal = new EditSignal((id, on) => sent.push([id, on]));
    signal.onInput();
    signal.start("an entry");
    for (let i = 0; i < 30; i++) {
      vi.advanceTimersByTime(400);
      signal.onInput();
    }
    expect(sent).toEqual([
      ["an entry", true],
      ["an entry", true],
    ]);
    signal.stop();
    signal.stop();
    signal.onInput();
    expect(sent.slice(2)).toEqual([["an entry", false]]);
  });
});
