/**
 * Mentions are by id:
 * - a message lists the members whom it mentions; code and escaped signs mention nobody
 * - names that differ in case only are different people, whom the exact spelling tells apart
 * - a name with signs of Markdown is listed where a mention is shown, and nowhere else
 * - each mention has its place in the text, in blocks of any kind
 * - a name that a table's escapes spell differently is not listed, so the message can be sent
 * - the suggested names are those that a sent message can mention: the present members'
 * - a mention stays one after the member was renamed, and shows the present name
 * - an edit keeps the mention of a member who is called something else now
 * - a name that somebody takes later makes no mention in a message without a list
 * - a message without a list mentions the present members by name; of several with one name it means the user
 * - a person who takes somebody's name is not the one who is mentioned, and is marked in the list of suggestions
 * - of several people with the same name, the one who was chosen from the suggestions is mentioned
 * - one message mentions several people with the same name, each in the place where they were chosen, also after an edit
 * - an edit of which only a choice has changed is not dropped without a word
 * - an accepted suggestion is mentioned, also in an edit whose message mentions a former bearer of the name
 * - a choice stays with its place while the text around it changes, and comes back with its name
 * - at most as many as the server accepts are listed
 * - the rule is that of `crates/protocol/src/mentions.rs`, which the cases in `vectors/mentions.json` hold to it
 */
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { limits, type Body, type Mention } from "../../src/backend/protocol";
import { CompletionState } from "../../src/chat/completion-state.svelte";
import { ComposerState } from "../../src/chat/composer-state.svelte";
import { Drafts } from "../../src/rooms/drafts.svelte";
import { mentionablePeople } from "../../src/chat/mentionable";
import { loadLookalikes } from "../../src/shared/lookalike-table.svelte";
import { mentionsIn, placedMentions } from "../../src/text/found-mentions";
import { inlinesOf } from "../../src/text/inlines-of";
import { MentionFinder } from "../../src/text/mentions";
import { parse } from "../../src/text/parse";
import { preview } from "../../src/text/plain-text";
import { RoomFixture, RoomLog } from "../fixtures/room";
import { DeviceStorage } from "../fixtures/storage";
import { notation } from "./notation";

const ada = { id: "ada-id", name: "Ada Lovelace", left: false };
const ben = { id: "ben-id", name: "Ben", left: false };

function setUp() {
  const fixture = new RoomFixture(new RoomLog());
  fixture.room.open();
  fixture.room.setMembers([{ id: "alice", name: "Alice", left: false }, ada, ben]);
  /** Sends a text and returns the mentions that go with it. */
  const sends = (text: string) => {
    fixture.room.send(text);
    const last = fixture.sent("send").at(-1);
    return last?.command === "send" ? mentionsOf(last.body) : undefined;
  };
  const rename = (name: string) => fixture.room.setMembers([{ ...ada, name }, ben]);
  return { ...fixture, fixture, room: fixture.room, sends, rename };
}

const mentionsOf = (body: Body): Mention[] | undefined =>
  body.kind === "message" || body.kind === "edit" ? body.mentions : undefined;

describe("a sent message", () => {
  beforeAll(loadLookalikes);

  it("lists the members whom it mentions", () => {
    const { sends } = setUp();
    expect(sends("@ada lovelace and @Ben: **@Ben**?")).toEqual([
      { member: "ada-id", name: "ada lovelace" },
      { member: "ben-id", name: "Ben" },
    ]);
    expect(sends("hi @nobody")).toBeUndefined();
    expect(sends("`@Ben` and \\@Ben")).toBeUndefined();
  });

  it("tells people apart whose names differ in case only", () => {
    const { sends, room } = setUp();
    room.setMembers([
      { id: "big", name: "Yves", left: false, since: 1000 },
      { id: "small", name: "yves", left: false, since: 2000 },
    ]);
    const both = [
      { member: "small", name: "yves" },
      { member: "big", name: "Yves" },
    ];
    expect(sends("@yves and @Yves")).toEqual(both);
    expect(notation(parse("@yves and @Yves", room.mentions.finderFor({ mentions: both })))).toBe("<@small> and <@big>");
    expect(notation(parse("@YVES", room.mentions.finderFor({ mentions: both })))).toBe("@YVES");
    expect(sends("@YVES")).toEqual([{ member: "big", name: "YVES" }]);
  });

  it("can mention everybody who is suggested, and nobody else is", () => {
    const { sends, room } = setUp();
    room.setMembers([{ ...ada, left: true }, ben]);
    const people = [{ id: "guest-id", name: "Guest 4821", availability: "online" as const }];
    const server = { me: "alice", people, nameOf: (id: string) => room.nameOf(id) ?? id };
    expect(mentionablePeople(server, room)).toEqual([{ id: "ben-id", name: "Ben" }]);
    expect(sends("@Ben @Guest 4821")).toEqual([{ member: "ben-id", name: "Ben" }]);
  });

  it("lists no name that its text spells with an escape", () => {
    const { sends, room } = setUp();
    room.setMembers([{ id: "bar", name: "A|B", left: false }, ben]);
    expect(sends("|who|\n|-|\n|@A\\|B and @Ben|")).toEqual([{ member: "ben-id", name: "Ben" }]);
    expect(sends("@A|B")).toEqual([{ member: "bar", name: "A|B" }]);
  });

  it("lists a name with signs of Markdown only where a mention is shown", () => {
    const { sends, room } = setUp();
    const people = [
      { id: "bar", name: "A|B", left: false },
      { id: "tick", name: "a`b", left: false },
    ];
    room.setMembers([...people, ben]);
    const shown = (text: string) =>
      [...inlinesOf(parse(text, new MentionFinder(people)))].filter(({ kind }) => kind === "mention").length;
    for (const text of ["|a|b|\n|-|-|\n|@A|B|", "`code @a`b"]) {
      expect(shown(text)).toBe(0);
      expect(sends(text)).toBeUndefined();
    }
    for (const text of ["@A|B", "@a`b and `code"]) {
      expect(shown(text)).toBe(1);
      expect(sends(text)).toHaveLength(1);
    }
  });

  it("mentions the person who had a name first, not the one who took it", () => {
    const { sends, room } = setUp();
    room.setMembers([
      { id: "ben-id", name: "Ada Lovelace", since: 2000 },
      { id: "eve-id", name: "Аdа Lovelace", since: 3000 },
      { id: "ada-id", name: "Ada Lovelace", since: 1000 },
    ]);
    expect(sends("@Ada Lovelace")).toEqual([{ member: "ada-id", name: "Ada Lovelace" }]);
    expect(room.mentions.nameMarkOf("ada-id")?.taken).toBeUndefined();
    expect(room.mentions.nameMarkOf("eve-id")?.taken).toEqual({ from: "Ada Lovelace", since: 3000 });
  });

  it("mentions the chosen one of several people with the same name", () => {
    const { fixture, room } = setUp();
    room.setMembers([ben, { ...ben, id: "other-ben" }, ada]);
    const composer = new ComposerState("server", room, new Drafts(new DeviceStorage()));
    composer.text = "@Ben and @Ada Lovelace";
    composer.chooseMention({ member: "ben-id", name: "Ben", at: 0 });
    composer.chooseMention({ member: "other-ben", name: "Ben", at: 0 });
    composer.send();
    const sent = () => fixture.sent("send").flatMap((command) => ("body" in command ? [mentionsOf(command.body)] : []));
    const adaToo = { member: "ada-id", name: "Ada Lovelace" };
    expect(sent().at(-1)).toEqual([{ member: "other-ben", name: "Ben" }, adaToo]);
    // The choice is for that message only. An edit keeps it, and can change it.
    composer.text = "@Ben";
    composer.send();
    expect(sent().at(-1)).toEqual([{ member: "ben-id", name: "Ben" }]);
    const [first] = room.pendingMessages;
    if (!first) throw new Error("it waits");
    composer.edit(first.item);
    composer.text = "@Ben only";
    composer.send();
    expect(sent().at(-1)).toEqual([{ member: "other-ben", name: "Ben" }]);
    composer.edit(first.item);
    composer.chooseMention({ member: "ben-id", name: "Ben", at: 0 });
    composer.send();
    expect(sent().at(-1)).toEqual([{ member: "ben-id", name: "Ben" }, adaToo]);
  });

  describe("to two people with the same name", () => {
    const twin = { ...ben, id: "twin-id" };
    function setUpTwins() {
      const { fixture, room } = setUp();
      room.setMembers([ben, twin, ada]);
      const composer = new ComposerState("server", room, new Drafts(new DeviceStorage()));
      const text = { value: "" };
      /** Replaces a range of the text as a field does, with the caret behind the replacement. */
      const edit = (from: number, to: number, typed: string) => {
        text.value = composer.text.slice(0, from) + typed + composer.text.slice(to);
        composer.change(text.value, from + typed.length);
      };
      const type = (typed: string) => edit(composer.text.length, composer.text.length, typed);
      const choose = (member: string) => {
        type("@Ben ");
        composer.chooseMention({ member, name: "Ben", at: composer.text.length - 5 });
      };
      const sent = () => {
        const bodies = fixture.sent("send").flatMap((command) => ("body" in command ? [command.body] : []));
        return mentionsOf(bodies.at(-1) ?? { kind: "left" })?.map(({ member }) => member);
      };
      const shown = () =>
        room.pendingMessages.map(({ item }) => notation(parse(item.text, room.mentions.finderFor(item)))).at(-1);
      return { fixture, room, composer, edit, type, choose, sent, shown };
    }

    it("mentions both", () => {
      const { composer, type, choose, sent, shown, room } = setUpTwins();
      type("\n\n`@Ben` \\@Ben ");
      choose("twin-id");
      type("and ");
      choose("ben-id");
      composer.send();
      expect(sent()).toEqual(["twin-id", "ben-id"]);
      expect(shown()).toBe("<code>@Ben</code> @Ben <@twin-id> and <@ben-id>");
      // An edit keeps both.
      const [first] = room.pendingMessages;
      if (!first) throw new Error("it waits");
      composer.edit(first.item);
      composer.change(`> @Ben\n${composer.text}`, 7);
      composer.send();
      expect(sent()).toEqual(["ben-id", "twin-id", "ben-id"]);
    });

    it("saves an edit only if the text or a choice has changed", () => {
      const { fixture, composer, choose, sent, room } = setUpTwins();
      choose("ben-id");
      composer.send();
      const [first] = room.pendingMessages;
      if (!first) throw new Error("it waits");
      const before = fixture.sent("send").length;
      composer.edit(first.item);
      composer.send();
      expect(fixture.sent("send")).toHaveLength(before);
      composer.edit(first.item);
      composer.chooseMention({ member: "twin-id", name: "Ben", at: 0 });
      composer.send();
      expect(sent()).toEqual(["twin-id"]);
    });

    it("drops no edit of which only a choice has changed", () => {
      const { composer, choose, sent, room } = setUpTwins();
      choose("ben-id");
      composer.send();
      const [first] = room.pendingMessages;
      if (!first) throw new Error("it waits");
      composer.edit(first.item);
      expect(composer.reply(first.item)).toBe(true);
      composer.edit(first.item);
      expect(composer.cancel()).toBe("unchanged");
      composer.edit(first.item);
      composer.chooseMention({ member: "twin-id", name: "Ben", at: 0 });
      expect([composer.reply(first.item), composer.cancel(), composer.undoCancel()]).toEqual([false, "changed", true]);
      composer.send();
      expect(sent()).toEqual(["twin-id"]);
    });

    it("keeps each choice in its place while the text changes", () => {
      const { composer, edit, choose, sent } = setUpTwins();
      choose("twin-id");
      choose("ben-id");
      edit(0, 0, "hi ");
      edit(3, 8, "");
      expect(composer.text).toBe("hi @Ben ");
      composer.send();
      expect(sent()).toEqual(["ben-id"]);
    });

    it("gives a name that comes back its choice", () => {
      const { composer, edit, choose, sent } = setUpTwins();
      choose("twin-id");
      choose("ben-id");
      // Cut, and pasted at the end.
      edit(0, 5, "");
      edit(5, 5, "@Ben ");
      composer.send();
      expect(sent()).toEqual(["ben-id", "twin-id"]);
      choose("twin-id");
      choose("ben-id");
      // Selected, removed, and undone.
      edit(0, 10, "");
      edit(0, 0, "@Ben @Ben ");
      composer.send();
      expect(sent()).toEqual(["twin-id", "ben-id"]);
    });

    it("keeps the choices of a message that is taken back, or put below a draft", () => {
      const { composer, type, choose, sent, room } = setUpTwins();
      choose("twin-id");
      choose("ben-id");
      composer.send();
      const [first] = room.pendingMessages;
      if (!first) throw new Error("it waits");
      expect(composer.takeBack(first.item)).toBe(true);
      type("!");
      composer.send();
      expect(sent()).toEqual(["twin-id", "ben-id"]);
    });

    it("shows the last in places that aren't listed, as a message with one says", () => {
      const listed = (...members: string[]) => members.map((member) => ({ member, name: "Ben" }));
      const { room } = setUpTwins();
      const show = (mentions: Mention[]) =>
        notation(parse("@Ben **@Ben** @Ben", room.mentions.finderFor({ mentions })));
      expect(show(listed("twin-id"))).toBe("<@twin-id> <b><@twin-id></b> <@twin-id>");
      expect(show(listed("twin-id", "ben-id"))).toBe("<@twin-id> <b><@ben-id></b> <@ben-id>");
      expect(show(listed("ben-id", "ben-id", "twin-id"))).toBe("<@ben-id> <b><@ben-id></b> <@twin-id>");
    });
  });

  it("lists no more than the server accepts", () => {
    const people = Array.from({ length: 99 }, (_, i) => ({ id: `${i}`, name: `Member ${i}.` }));
    const text = people.map(({ name }) => `@${name}`).join(" ");
    expect(mentionsIn(text, new MentionFinder(people))).toHaveLength(limits.maxMentions);
  });
});

describe("the rule", () => {
  it("finds what the Rust implementation finds", () => {
    interface Case {
      about: string;
      members: string[];
      text: string;
      mentions: Record<string, number>;
    }
    const url = new URL("../../../crates/protocol/vectors/mentions.json", import.meta.url);
    const cases = JSON.parse(readFileSync(url, "utf8")) as Case[];
    const found = cases.map((each) => {
      const finder = new MentionFinder(each.members.map((name, n) => ({ id: String(n), name })));
      const mentions = mentionsIn(each.text, finder).map(({ member, name }) => [name, Number(member)]);
      return { ...each, mentions: Object.fromEntries(mentions) as Record<string, number> };
    });
    expect(found).toEqual(cases);
  });
});

it("has a place in the text, in blocks of any kind", () => {
  const text = [
    "@Ben, **@Ben** `@Ben`\r\n\\> @Ben\r",
    "  ## @Ben ##",
    "> 1. [x] @Ben",
    ">\t\t@Ben",
    ">    - *a @Ben*\n>",
    ">\n>      > @Ben",
    "```@Ben\n@Ben\n```",
    "  |  a @Ben | \\| @Ben |\n|-|-|\n| \\\\| @Ben | b | @Ben \\| @Ben | @Ben",
    "[@Ben](https://a.bc) @Ben",
  ].join("\n");
  const places = [...text.matchAll(/@Ben/g)].map(({ index }) => index);
  const shown = placedMentions(text, new MentionFinder([ben])).map(({ at }) => at);
  // One is in code, two are in a fence, and one is in a link.
  const hidden = [2, 9, 10, 17].map((n) => places[n]);
  expect(shown).toEqual(places.filter((at) => !hidden.includes(at)));
});

describe("a mention", () => {
  const listed: Body = {
    kind: "message",
    text: "hi @Ada Lovelace",
    mentions: [{ member: "ada-id", name: "Ada Lovelace" }],
  };

  it("stays one after the member was renamed, and shows the present name", () => {
    const { room, fixture, rename } = setUp();
    fixture.receive(fixture.log.add("ben-id", listed));
    rename("Ada L.");
    const [item] = room.items;
    if (!item) throw new Error("the message is there");
    const finders = { mentions: room.mentions.finderFor(item), rooms: null };
    expect(notation(parse(item.text, finders.mentions))).toBe("hi <@ada-id>");
    expect(preview(item.text, finders, (member) => room.nameOf(member))).toBe("hi \u2068@Ada L.\u2069");
  });

  it("is kept by an edit", () => {
    const { room, fixture, rename } = setUp();
    const entry = fixture.log.add("alice", listed);
    fixture.receive(entry);
    rename("Ada L.");
    room.post({ kind: "edit", of: entry.id, text: "hi @Ada Lovelace and @Ben" });
    const [sent] = fixture.sent("send");
    expect(sent?.command === "send" && mentionsOf(sent.body)).toEqual([
      { member: "ada-id", name: "Ada Lovelace" },
      { member: "ben-id", name: "Ben" },
    ]);
  });

  it("means the accepted suggestion, not a former bearer of its name", () => {
    const { room, fixture } = setUp();
    const entry = fixture.log.add("alice", {
      kind: "message",
      text: "@Ben hi",
      mentions: [{ member: "ben-id", name: "Ben" }],
    });
    fixture.receive(entry);
    room.setMembers([{ ...ben, name: "Benjamin" }, { ...ben, id: "new-ben" }, ada]);
    const [item] = room.items;
    if (!item) throw new Error("the message is there");
    const server = { me: "alice", nameOf: (id: string) => room.nameOf(id) ?? id };
    const composer = new ComposerState("server", room, new Drafts(new DeviceStorage()));
    const suggestions = new CompletionState({
      get text() {
        return composer.text;
      },
      get caret() {
        return composer.text.length;
      },
      vocabulary: { people: mentionablePeople(server, room), rooms: [], emoji: [] },
      apply: ({ from, to, text, select }) =>
        composer.change(composer.text.slice(0, from) + text + composer.text.slice(to), select[1]),
      chooseMention: (choice) => composer.chooseMention(choice),
    });
    const accept = (label: string) => {
      suggestions.update();
      const completion = suggestions.completions?.found.find((found) => found.label === label);
      if (!completion) throw new Error(`${label} is suggested`);
      suggestions.accept(completion);
    };
    const edits = () => fixture.sent("send").map((command) => command.command === "send" && mentionsOf(command.body));
    composer.edit(item);
    composer.change("@Ben hi and @Be");
    accept("Ben");
    composer.send();
    expect(edits()).toEqual([
      [
        { member: "ben-id", name: "Ben" },
        { member: "new-ben", name: "Ben" },
      ],
    ]);
    // A suggestion that was accepted and removed again leaves no change.
    const [edited] = room.items;
    if (!edited) throw new Error("the message is there");
    composer.edit(edited);
    const before = composer.text;
    composer.change(`${before} @Ada`);
    accept("Ada Lovelace");
    composer.change(before);
    composer.send();
    expect(edits()).toHaveLength(1);
    expect(composer.editing).toBeUndefined();
  });

  it("is none where the name was taken later", () => {
    const { room, fixture } = setUp();
    const text = "hi @Eve and @Ada Lovelace Byron";
    const entry = fixture.log.says("bot", text);
    const { at, id } = entry;
    fixture.receive(entry);
    const rendered = () => room.items.map((item) => notation(parse(item.text, room.mentions.finderFor(item)))).join();
    room.setMembers([
      { ...ada, since: at - 1 },
      { id: "byron", name: "Ada Lovelace Byron", left: false, since: at + 5 },
      { id: "eve-id", name: "Eve", left: false, since: at + 5 },
      { id: "first-eve", name: "eve", left: false, since: at - 5 },
    ]);
    expect(rendered()).toBe("hi <@first-eve> and <@ada-id> Byron");
    room.setMembers([{ id: "eve-id", name: "Eve", left: false, since: at + 5 }]);
    expect(rendered()).toBe(text);
    // An edit of a bot mentions who is there by then.
    fixture.receive({ ...fixture.log.add("bot", { kind: "edit", of: id, text: "hi again, @Eve" }), at: at + 9 });
    expect(rendered()).toBe("hi again, <@eve-id>");
  });

  it("is found by name where a message lists none", () => {
    const { room, fixture, rename } = setUp();
    fixture.receive(fixture.log.says("bot", "@Ada Lovelace @Alice"));
    const rendered = () => room.items.map((item) => notation(parse(item.text, room.mentions.finderFor(item)))).join();
    expect(rendered()).toBe("<@ada-id> <@alice>");
    rename("Alice");
    expect(rendered()).toBe("@Ada Lovelace <@ada-id>");
    room.setMembers([
      { ...ada, name: "Alice" },
      { id: "alice", name: "Alice", left: false },
    ]);
    expect(rendered()).toBe("@Ada Lovelace <@alice>");
  });
});
