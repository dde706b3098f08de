/**
 * Suggestions for the word at the caret:
 * - names, rooms and emoji are offered; addresses, times and smileys open no list
 * - a name narrows beyond a blank, and ends where no name goes on
 * - only the unambiguous beginning of a name is accepted by Enter
 * - of emoji Enter accepts the best whose name begins like the word, or the only one
 * - people of the same name are suggested each
 * - a name whose letters change their number in lower case is replaced as a whole, with or without its accents
 * - an emoji that contains a sign (`#️⃣`) opens no list
 * - each of several rooms with the same name is suggested, and so are those whose names only look alike; the given order of
 *   people is kept
 * - rooms that the user isn't in are suggested after the others, and marked
 * - a list that was closed stays closed for its word, and opens again in the next message
 * - a suggestion that was chosen stays chosen when further people or rooms become known, and a list that was closed stays closed
 * - people are looked up by what is typed of their names, but not by what is written after a mention
 * - what is accepted replaces the word, and no blank is doubled; the chosen person is meant, also if others have the same name
 * - a shortcode that was typed in full becomes the emoji, except in code
 */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { completedRooms } from "../src/chat/completed-rooms";
import { complete, type Vocabulary } from "../src/chat/completion";
import { CompletionLookups } from "../src/chat/completion-lookups.svelte";
import { type CompletedField, CompletionState } from "../src/chat/completion-state.svelte";
import type { TextEdit } from "../src/chat/text-edits";
import type { ServerState } from "../src/servers/server-state.svelte";
import type { PlacedMention } from "../src/text/found-mentions";
import { summaryOf } from "./fixtures/app";

const vocabulary = {
  people: ["Ben", "Ben Okafor", "Ada", "José", "İsmet", "Zoë Ben-Ari"].map((name) => ({ id: `${name}'s id`, name })),
  rooms: ["Lobby", "Team 1", "Lunch", "Lunch"].map((name, index) => ({ id: String(index), name })),
  emoji: [
    ["+1", "👍"],
    ["tada", "🎉"],
    ["smile", "😄"],
    ["smiley", "😃"],
    ["sweat_smile", "😅"],
  ] as const,
};
const at = (text: string, caret = text.length) => complete(text, caret, vocabulary);
const found = (text: string) => at(text)?.found.map(({ label }) => label) ?? [];
/** Returns the text after Enter has accepted what it may accept. */
const accepted = (text: string) => {
  const completions = at(text);
  const completion = completions?.found[completions.meant];
  return completion && completions ? text.slice(0, completions.from) + completion.text : text;
};

describe("complete", () => {
  it("offers names, rooms and emoji", () => {
    expect(at("hi @ad")).toMatchObject({ from: 3, to: 6, found: [{ label: "Ada", text: "@Ada " }] });
    expect(found("see #lo")).toEqual(["Lobby"]);
    expect(found(":smi")).toEqual(["😄 :smile:", "😃 :smiley:", "😅 :sweat_smile:"]);
    expect(found(":+1")).toEqual(["👍 :+1:"]);
    expect(found("(@ben")).toEqual(["Ben", "Ben Okafor", "Zoë Ben-Ari"]);
  });

  it("suggests rooms that the user isn't in after the others, and marks them", () => {
    const server = {
      joinedRooms: [{ id: "1", name: "Lunch club" }],
      directory: [summaryOf("2", 0, { name: "Lunch" }), summaryOf("1", 0, { name: "Lunch club" })],
      isIn: (room: string) => room === "1",
      roomNames: { markOf: () => undefined },
    };
    const rooms = completedRooms(server as unknown as ServerState);
    const completions = complete("#lun", 4, { ...vocabulary, rooms });
    expect(completions?.found).toEqual([
      { label: "Lunch club", text: "#Lunch club ", room: "1" },
      { label: "Lunch", text: "#Lunch ", room: "2", isOtherRoom: true },
    ]);
  });

  it("ignores addresses, times and smileys", () => {
    for (const text of ["me@ad", "http://a", ":)", ": ", ":D", "@zzz", "a:", "10:30", "@ ada", "::"])
      expect(at(text)).toBeNull();
  });

  it("narrows beyond a blank", () => {
    expect(found("@ben o")).toEqual(["Ben Okafor"]);
    expect(at("@ben o")).toMatchObject({ from: 0, to: 6 });
    expect(found("hello @ben okafor")).toEqual(["Ben Okafor"]);
    expect(found("#team 1")).toEqual(["Team 1"]);
    for (const text of ["@Ben ", "@Ben went home", "@ben\no", "#1 is", ":tada a"]) expect(found(text)).toEqual([]);
  });

  it("lets Enter accept only the unambiguous beginning of a name", () => {
    expect(accepted("we are #1")).toBe("we are #1");
    expect(accepted("@be")).toBe("@be");
    expect(accepted("@ben")).toBe("@ben");
    expect(accepted("@okafor")).toBe("@okafor");
    expect(accepted("@")).toBe("@");
    expect(accepted("#lobby")).toBe("#lobby");
    expect(accepted("#team 1")).toBe("#team 1");
    expect(accepted("#te")).toBe("#Team 1 ");
    expect(accepted("hi @ad")).toBe("hi @Ada ");
    expect(accepted("@ben o")).toBe("@Ben Okafor ");
  });

  it("lets Enter accept the best emoji whose name begins with the word, or the only one", () => {
    expect(accepted(":tad")).toBe("🎉");
    expect(accepted(":tada")).toBe("🎉");
    expect(accepted("so :smi")).toBe("so 😄");
    expect(accepted(":sm")).toBe("😄");
    expect(accepted(":ada")).toBe("🎉");
    expect(accepted(":mil")).toBe(":mil");
    for (const text of [":)", ":D", ":-)", ":zzz"]) expect(accepted(text)).toBe(text);
  });

  it("replaces the whole word, whatever its length in lower case", () => {
    expect(at("@İs")).toMatchObject({ from: 0, to: 3, found: [{ text: "@İsmet " }] });
    expect(found("@is")).toEqual(["İsmet"]);
    expect(found("@jose")).toEqual(["José"]);
    expect(found("@jose\u0301")).toEqual(["José"]);
  });

  it("takes no sign for a beginning that is a part of an emoji", () => {
    expect(found("#")).not.toEqual([]);
    expect(at("#\uFE0F\u20E3")).toBeNull();
    expect(at("@\u0301a")).toBeNull();
  });

  it("keeps the order of people", () => {
    expect(found("@")).toEqual(vocabulary.people.map(({ name }) => name));
  });

  it("suggests each of several rooms whose names are the same or look alike, with a text that means it", () => {
    const rooms = [
      { id: "first", name: "Kitchen", piece: "1a2b" },
      { id: "second", name: "Kitchen", piece: "3c4d" },
      { id: "look-alike", name: "Kitсhen", piece: "5e6f" },
      { id: "other", name: "Kit" },
    ];
    const found = complete("#kit", 4, { ...vocabulary, rooms })?.found;
    expect(found?.map(({ label, room, text }) => [label, room, text])).toEqual([
      ["Kit", "other", "#Kit "],
      ["Kitchen", "first", "#Kitchen (1a2b) "],
      ["Kitchen", "second", "#Kitchen (3c4d) "],
      ["Kitсhen", "look-alike", "#Kitсhen (5e6f) "],
    ]);
  });

  it("suggests each of several people with the same name", () => {
    const people = [
      { id: "old", name: "Ben" },
      { id: "new", name: "Ben" },
    ];
    const found = complete("@b", 2, { ...vocabulary, people })?.found;
    expect(found?.map(({ label, member }) => [label, member])).toEqual([
      ["Ben", "old"],
      ["Ben", "new"],
    ]);
  });
});

/** A field without an element. */
class TextField implements CompletedField {
  text = "";
  caret = 0;
  vocabulary: Vocabulary = vocabulary;
  readonly chosen: PlacedMention[] = [];

  write(text: string, caret = text.length) {
    this.text = text;
    this.caret = caret;
  }

  apply({ from, to, text, select }: TextEdit) {
    this.write(this.text.slice(0, from) + text + this.text.slice(to), select[1]);
  }

  chooseMention(mention: PlacedMention) {
    this.chosen.push(mention);
  }
}

describe("CompletionState", () => {
  it("keeps a closed list closed, until the next message", () => {
    const field = new TextField();
    const state = new CompletionState(field);
    const write = (text: string) => {
      field.write(text);
      state.update();
      return state.completions?.found.map(({ label }) => label) ?? null;
    };
    expect(write("@ad")).toEqual(["Ada"]);
    state.handleKey({ key: "Escape" } as KeyboardEvent, true);
    expect(write("@ada")).toBeNull();
    state.reset();
    expect(write("@ad")).toEqual(["Ada"]);
  });

  it("keeps the chosen suggestion when more people are known", () => {
    const field = new TextField();
    const state = new CompletionState(field);
    const press = (key: string) => state.handleKey({ key } as KeyboardEvent, true);
    const knows = (...names: string[]) =>
      (field.vocabulary = { ...vocabulary, people: names.map((name) => ({ id: `${name}'s id`, name })) });
    knows("Ann", "Anna");
    field.write("@an");
    state.update();
    press("ArrowDown");
    press("ArrowDown");
    knows("Andrew", "Ann", "Anna", "Annika");
    state.refresh();
    expect(state.completions?.found.map(({ label }) => label)).toEqual(["Andrew", "Ann", "Anna", "Annika"]);
    expect(press("Enter")).toBe(true);
    expect(field.text).toBe("@Anna ");
  });

  it("selects what the word means when the first people of that name are known", () => {
    const field = new TextField();
    const state = new CompletionState(field);
    field.vocabulary = { ...vocabulary, people: [] };
    field.write("@ad");
    state.update();
    expect(state.completions).toBeNull();
    field.vocabulary = vocabulary;
    state.refresh();
    expect(state.handleKey({ key: "Enter" } as KeyboardEvent, true) && field.text).toBe("@Ada ");
  });

  it.each([
    ["the field has lost the focus, or an input method composes", (state: CompletionState) => state.close()],
    ["of Esc", (state: CompletionState) => void state.handleKey({ key: "Escape" } as KeyboardEvent, true)],
  ])("keeps a list closed when more people are known, because %s", (_, close) => {
    const field = new TextField();
    const state = new CompletionState(field);
    state.refresh();
    field.write("@ad");
    state.refresh();
    expect(state.completions, "nothing was typed").toBeNull();
    state.update();
    close(state);
    state.refresh();
    expect(state.completions).toBeNull();
  });

  it("replaces the word by what is accepted", () => {
    const field = new TextField();
    const state = new CompletionState(field);
    const accept = (text: string, caret: number, key: string) => {
      field.write(text, caret);
      state.update();
      return state.handleKey({ key } as KeyboardEvent, true) && field.text;
    };
    expect(accept("hi @ad!", 6, "Enter")).toBe("hi @Ada !");
    expect(accept("hi @ad now", 6, "Tab")).toBe("hi @Ada now");
    expect(accept("hi @be", 6, "Enter")).toBe(false);
    expect(state.completions).not.toBeNull();
    expect(field.chosen.map(({ member, at }) => [member, at])).toEqual([
      ["Ada's id", 3],
      ["Ada's id", 3],
    ]);
    expect(accept("@ad", 3, "Tab")).toBe("@Ada ");
    expect(field.chosen.at(-1)).toEqual({ member: "Ada's id", name: "Ada", at: 0 });
    expect(state.completions).toBeNull();
  });

  it("makes a shortcode the emoji, except in code", () => {
    const field = new TextField();
    const state = new CompletionState(field);
    const write = (text: string) => {
      field.write(text);
      state.replaceShortcode();
      return field.text;
    };
    expect(write("so :tada:")).toBe("so 🎉");
    expect(write("so `:tada:")).toBe("so `:tada:");
    expect(write("so :no_such_name:")).toBe("so :no_such_name:");
  });
});

describe("CompletionLookups", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  /** Types in a room of which some members are known, with a pause after each piece, and returns the names that are looked for. */
  function lookedFor(known: string[], ...pieces: string[]): string[] {
    const found: string[] = [];
    const members = known.map((name) => ({ id: name, name }));
    const room = { members, knowsAllMembers: false, findMembers: (name: string) => found.push(name) };
    const server = { connection: { state: "online" as const }, directory: null, loadDirectory: () => undefined };
    const lookups = new CompletionLookups(server, room, new CompletionState(new TextField()));
    let text = "";
    for (const piece of pieces) {
      text += piece;
      lookups.onInput(text, text.length);
      vi.advanceTimersByTime(1_000);
    }
    return found;
  }

  it("look for people by what is typed of their names", () => {
    expect(lookedFor([], "hi @an")).toEqual(["an"]);
    expect(lookedFor([], "@Ann Sm")).toEqual(["Ann Sm"]);
    expect(lookedFor(["Ann Smith"], "@an", "n S", "m")).toEqual(["an", "ann S", "ann Sm"]);
  });

  it("don't look for what is written after a mention", () => {
    expect(lookedFor(["Ann Smith"], "@Ann Smith", " could", " you", " look", " at it")).toEqual([
      "Ann Smith",
      "Ann Smith could",
    ]);
    expect(lookedFor([], "@zed", " is", " away", ", @zoe")).toEqual(["zed", "zoe"]);
  });
});
