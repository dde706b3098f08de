/**
 * Writing messages:
 * - a draft is kept per room until it is sent
 * - an edit sets the draft aside and restores it
 * - Esc cancels the edit, then the reply
 * - `@`, `#` and `:` complete at the caret; smileys and addresses don't
 * - typing is sent once in three seconds, and ends after a pause
 */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { complete } from "../src/chat/completion";
import { ComposerState } from "../src/chat/composer-state.svelte";
import { Drafts } from "../src/chat/drafts";
import { TypingSignal } from "../src/chat/typing-signal";
import type { KeyValueStorage } from "../src/shared/storage";
import { RoomFixture, RoomLog } from "./fixtures/room";

class FakeStorage implements KeyValueStorage {
  readonly values = new Map<string, string>();
  get(key: string) {
    return this.values.get(key) ?? null;
  }
  set(key: string, value: string | null) {
    if (value === null) this.values.delete(key);
    else this.values.set(key, value);
  }
}

function setUp() {
  const log = new RoomLog();
  log.says("bob", "lunch?");
  log.says("alice", "yes");
  const fixture = new RoomFixture(log);
  fixture.room.open();
  const storage = new FakeStorage();
  const openComposer = () => new ComposerState("server", fixture.room, new Drafts(storage));
  const [question, answer] = fixture.room.items;
  if (!question || !answer) throw new Error("two messages were added");
  return { fixture, storage, openComposer, question, answer };
}

describe("ComposerState", () => {
  it("keeps a draft until it is sent", () => {
    const { fixture, storage, openComposer, question } = setUp();
    const first = openComposer();
    first.text = "half a sen";
    first.reply(question);
    const second = openComposer();
    expect([second.text, second.replyTo]).toEqual(["half a sen", question.id]);
    second.send();
    expect(fixture.room.pendingMessages[0]?.item.body).toMatchObject({ text: "half a sen", reply_to: question.id });
    expect(storage.values.size).toBe(0);
    expect(openComposer().text).toBe("");
  });

  it("restores the draft after an edit", () => {
    const { fixture, openComposer, answer } = setUp();
    const composer = openComposer();
    composer.text = "draft";
    composer.edit(answer);
    composer.text = "yes, at noon";
    expect(openComposer().text).toBe("draft");
    composer.send();
    expect(composer.text).toBe("draft");
    expect(fixture.room.find(answer.id)?.text).toBe("yes, at noon");
  });

  it("cancels the edit, then the reply", () => {
    const { openComposer, question, answer } = setUp();
    const composer = openComposer();
    composer.reply(question);
    composer.edit(answer);
    expect([composer.cancel(), composer.editing, composer.replyTo]).toEqual([true, null, question.id]);
    expect([composer.cancel(), composer.replyTo]).toEqual([true, undefined]);
    expect(composer.cancel()).toBe(false);
  });

  it("sends no empty message", () => {
    const { openComposer } = setUp();
    const composer = openComposer();
    composer.text = "  \n ";
    expect(composer.send()).toBe(false);
  });
});

describe("complete", () => {
  const at = (text: string) => complete(text, text.length, ["Ada", "Adam Smith", "Bob"], ["Lobby"]);

  it("offers names, rooms and emoji", () => {
    expect(at("hi @ad")?.found.map(({ text }) => text)).toEqual(["@Ada ", "@Adam Smith "]);
    expect(at("see #lo")?.found).toEqual([{ label: "Lobby", text: "#Lobby " }]);
    expect(at(":smi")?.found[0]?.text).toBe("🙂");
    expect(at("hi @ad")).toMatchObject({ from: 3, to: 6 });
  });

  it("ignores addresses and smileys", () => {
    for (const text of ["me@ad", "http://a", ":)", ": ", "@zzz", "a:"]) expect(at(text)).toBeNull();
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
