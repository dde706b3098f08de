/**
 * Writing:
 * - a draft stays per room, and goes when it is sent
 * - an edit puts the draft aside and gives it back
 * - Esc leaves editing, then replying, then has nothing left to leave
 * - `@`, `#` and `:` complete at the caret; smileys and addresses do not
 * - typing is said once in three seconds, and taken back after a pause
 */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { complete } from "../src/chat/completion";
import { Composing } from "../src/chat/composer-state.svelte";
import { Drafts } from "../src/chat/drafts";
import { TypingSignal } from "../src/chat/typing-signal";
import type { KeyValueStorage } from "../src/shared/storage";
import { Log, Visit } from "./fixtures/room";

class Paper implements KeyValueStorage {
  readonly lines = new Map<string, string>();
  get(key: string) {
    return this.lines.get(key) ?? null;
  }
  set(key: string, value: string | null) {
    if (value === null) this.lines.delete(key);
    else this.lines.set(key, value);
  }
}

function desk() {
  const log = new Log();
  log.says("bob", "lunch?");
  log.says("alice", "yes");
  const visit = new Visit(log);
  visit.room.visit();
  const paper = new Paper();
  const composing = () => new Composing("server", visit.room, new Drafts(paper));
  const [question, answer] = visit.room.items;
  if (!question || !answer) throw new Error("two were said");
  return { visit, paper, composing, question, answer };
}

describe("Composing", () => {
  it("keeps a draft until it is sent", () => {
    const { visit, paper, composing, question } = desk();
    const first = composing();
    first.text = "half a sen";
    first.reply(question);
    const second = composing();
    expect([second.text, second.replyTo]).toEqual(["half a sen", question.id]);
    second.send();
    expect(visit.room.waiting[0]?.item.body).toMatchObject({ text: "half a sen", reply_to: question.id });
    expect(paper.lines.size).toBe(0);
    expect(composing().text).toBe("");
  });

  it("gives the draft back after an edit", () => {
    const { visit, composing, answer } = desk();
    const writing = composing();
    writing.text = "draft";
    writing.edit(answer);
    writing.text = "yes, at noon";
    expect(composing().text).toBe("draft");
    writing.send();
    expect(writing.text).toBe("draft");
    expect(visit.room.find(answer.id)?.text).toBe("yes, at noon");
  });

  it("leaves in order", () => {
    const { composing, question, answer } = desk();
    const writing = composing();
    writing.reply(question);
    writing.edit(answer);
    expect([writing.leave(), writing.editing, writing.replyTo]).toEqual([true, null, question.id]);
    expect([writing.leave(), writing.replyTo]).toEqual([true, undefined]);
    expect(writing.leave()).toBe(false);
  });

  it("sends nothing empty", () => {
    const { composing } = desk();
    const writing = composing();
    writing.text = "  \n ";
    expect(writing.send()).toBe(false);
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

  it("keeps out of the way", () => {
    for (const text of ["me@ad", "http://a", ":)", ": ", "@zzz", "a:"]) expect(at(text)).toBeNull();
  });
});

describe("TypingSignal", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("is said once in three seconds and taken back after a pause", () => {
    const said: boolean[] = [];
    const signal = new TypingSignal((on) => said.push(on));
    for (let i = 0; i < 10; i++) {
      signal.typed();
      vi.advanceTimersByTime(400);
    }
    expect(said).toEqual([true, true]);
    vi.advanceTimersByTime(5000);
    expect(said).toEqual([true, true, false]);
    signal.stop();
    expect(said.length).toBe(3);
  });
});
