/**
 * The main paths through the interface, each written once. A project walks them with a browser, a hand (mouse, finger or
 * keyboard) and a server of its own for each path: `walk-paths.mjs`.
 *
 * A path gets `world`, `user`, who has joined as Ada, and `ben`, who is there without a browser. `hands` names those that can
 * walk it, if not all can. `from: "outside"` begins before the user has joined.
 */

import { strict as assert } from "node:assert";
import * as t from "./targets.mjs";

const { button, dialogOf, field, message, panelOf, status } = t;

export const mainPaths = [
  {
    name: "join with a name",
    from: "outside",
    async walk({ user, ben }) {
      await user.arrives("Ada");
      await user.seesRoom("Lobby");
      await ben.sees("Ada’s arrival", ({ body }) => body.kind === "joined" && body.name === "Ada");
      await user.opensSidebar();
      await user.sees({ text: "Ada", within: t.sidebar });
    },
  },
  {
    name: "write a message and see the answer",
    async walk({ user, ben }) {
      await user.says("Is anybody here?");
      await ben.seesMessage("Is anybody here?");
      await user.seesSent("Is anybody here?");
      await ben.says("I am.");
      await user.seesMessage("I am.");
    },
  },
  {
    name: "write several lines",
    async walk({ user, ben }) {
      await user.writesLines(["Bring these:", "a cake", "some plates"]);
      await user.sends();
      await ben.seesMessage("Bring these:\na cake\nsome plates");
      await user.seesMessage("some plates");
    },
  },
  {
    name: "write many lines, with the newest messages in sight",
    async walk({ user, ben }) {
      await ben.saysAll(numbered("news", 40));
      await ben.says("the newest");
      await user.seesMessage("the newest");
      await user.writesLines(numbered("line", 7));
      await user.seesMessage("the newest");
      await ben.says("one more");
      await user.seesMessage("one more");
    },
  },
  {
    name: "look back by PgUp while writing",
    hands: ["keyboard"],
    async walk({ user, ben }) {
      await ben.says("the first one");
      await ben.saysAll(numbered("news", 40));
      await ben.says("the newest");
      await user.seesMessage("the newest");
      await user.writes("As I said");
      for (let page = 0; page < 4; page++) await user.strikes("PageUp");
      await user.seesMessage("the first one");
      for (let page = 0; page < 4; page++) await user.strikes("PageDown");
      await user.seesMessage("the newest");
      await user.view.tab.type(" before");
      await user.sends();
      await ben.seesMessage("As I said before");
    },
  },
  {
    name: "reply",
    async walk({ user, ben }) {
      const { id } = await ben.says("Who has the key?");
      await user.seesMessage("Who has the key?");
      await user.acts("Who has the key?", "Reply");
      await user.sees({ text: /^Replying to / });
      await user.says("I do.");
      await ben.sees("the reply", ({ body }) => body.text === "I do." && body.reply_to === id);
      await user.sees(button(/Who has the key\?/, message("I do.")));
      await user.seesGone({ text: /^Replying to / });
    },
  },
  {
    name: "react and take it back",
    async walk({ user, ben }) {
      const { id } = await ben.says("There is cake.");
      await user.seesMessage("There is cake.");
      await user.acts("There is cake.", "React");
      await user.presses(button("tada", dialogOf("Emoji")));
      const reacted =
        (on) =>
        ({ body }) =>
          body.kind === "react" && body.to === id && body.on === on;
      const { body } = await ben.sees("the reaction", reacted(true));
      assert.equal(body.emoji, "🎉");
      const reaction = button(/^🎉 1/, message("There is cake."));
      await user.presses(reaction);
      await ben.sees("that it is taken back", reacted(false));
      await user.seesGone(reaction);
    },
  },
  {
    name: "edit",
    async walk({ user, ben }) {
      await user.says("See you at noone");
      await user.seesSent("See you at noone");
      await user.acts("See you at noone", "Edit");
      await user.sees({ text: "Editing your message" });
      await user.writesInto(t.composerOf(), "See you at noon!");
      await user.sends();
      await ben.sees("the edit", ({ body }) => body.kind === "edit" && body.text === "See you at noon!");
      await user.seesMessage("See you at noon!");
      await user.sees({ text: /edited/, within: message("See you at noon!") });
      await user.seesGone(message("noone"));
    },
  },
  {
    name: "delete",
    async walk({ user, ben }) {
      await user.says("Never mind");
      await user.seesSent("Never mind");
      await user.acts("Never mind", "Delete");
      await user.presses(button("Delete", dialogOf("Delete this message?")));
      await ben.sees("the deletion", ({ body }) => body.kind === "delete");
      await user.seesMessage("Message deleted");
      await user.seesGone(message("Never mind"));
    },
  },
  {
    name: "copy a message's text",
    hands: ["mouse", "keyboard"],
    async walk({ user, ben }) {
      await ben.says("wifi: blue-otter-17");
      await user.seesMessage("wifi: blue-otter-17");
      await user.acts("wifi: blue-otter-17", "Copy text");
      await user.writes("The ");
      await user.strikes("Control+v");
      await user.sends();
      await ben.seesMessage("The wifi: blue-otter-17");
    },
  },
  {
    name: "use the keys of a message",
    hands: ["keyboard"],
    async walk({ user, ben }) {
      const { id } = await ben.says("Who waters the plants?");
      await user.says("I watr them");
      await user.seesSent("I watr them");
      const question = message("Who waters the plants?");
      await user.hand.turnTo(user.view, question);
      await user.strikes("r");
      await user.says("Every Monday");
      await ben.sees("the reply", ({ body }) => body.text === "Every Monday" && body.reply_to === id);
      await user.hand.turnTo(user.view, message("I watr them"));
      await user.strikes("e");
      await user.writesInto(t.composerOf(), "I water them");
      await user.sends();
      await ben.sees("the edit", ({ body }) => body.kind === "edit" && body.text === "I water them");
      await user.hand.turnTo(user.view, question);
      await user.strikes("+");
      await user.presses(button("tada", dialogOf("Emoji")));
      await ben.sees("the reaction", ({ body }) => body.kind === "react" && body.to === id && body.emoji === "🎉");
      await user.hand.turnTo(user.view, message("Every Monday"));
      await user.strikes("Delete");
      await user.presses(button("Delete", dialogOf("Delete this message?")));
      await ben.sees("the deletion", ({ body }) => body.kind === "delete");
      await user.seesMessage("Message deleted");
    },
  },
  {
    name: "mark as unread",
    async walk({ user, ben }) {
      const garden = await ben.createsRoom("Garden");
      await ben.says("first");
      await ben.says("second");
      await ben.says("third", garden);
      await user.seesMessage("second");
      await user.acts("second", "Mark unread from here");
      await joinsRoom(user, "Garden");
      await user.opensSidebar();
      await user.sees({ ...t.roomButton("Lobby"), hasText: /1 unread/ });
      await user.opensRoom("Lobby");
      await user.view.seesInSight({ text: "New", within: t.timelineOf("Lobby") });
    },
  },
  {
    name: "create a room",
    async walk({ user, ben }) {
      await user.createsRoom("Workshop");
      await user.says("First!");
      await user.seesSent("First!");
      const { id } = await ben.seesRoom("Workshop");
      await ben.joins(id);
      await ben.says("Hello, workshop", id);
      await user.seesMessage("Hello, workshop");
    },
  },
  {
    name: "browse the rooms, join one and leave it",
    async walk({ user, ben }) {
      const garden = await ben.createsRoom("Garden");
      await ben.says("The roses are out", garden);
      await joinsRoom(user, "Garden");
      await user.seesMessage("The roses are out");
      await user.pressesRoomButton("Leave room");
      await user.presses(button("Leave room", dialogOf(/^Leave “Garden”/)));
      await user.seesRoom("Lobby");
      await user.opensSidebar();
      await user.seesGone(t.roomButton("Garden"));
    },
  },
  {
    name: "rename oneself",
    async walk({ user, ben }) {
      await user.opensSidebar();
      await user.presses(button("Settings", t.sidebar));
      const settings = dialogOf("Settings");
      await user.writesInto(field(/^Your name/, settings), "Ada Lovelace");
      await user.presses(button("Save", settings));
      await ben.sees("the new name", ({ body }) => body.kind === "member_renamed" && body.name === "Ada Lovelace");
      await user.seesGone(settings);
      await user.opensSidebar();
      await user.sees({ text: "Ada Lovelace", within: t.sidebar });
    },
  },
  {
    name: "jump to a date and back to the present",
    async walk({ user, ben }) {
      await ben.says("the first of today");
      await ben.saysAll(numbered("chatter", 150));
      await ben.says("the newest of today");
      await user.seesMessage("the newest of today");
      await user.scrolls(-1500);
      await user.presses(button(/: jump to a date$/));
      const dialog = dialogOf("Jump to a date");
      await user.presses(button("Go", dialog));
      await user.seesGone(dialog);
      const { entries } = await ben.reads(ben.lobby, { after: 0, limit: 10 });
      const { body } = entries.find((entry) => entry.body.kind === "message");
      await user.view.seesInSight({ text: body.text, within: t.timelineOf("Lobby") });
      await user.presses(button(/^Jump to present/));
      await user.seesMessage("the newest of today");
      await user.seesGone(button(/^Jump to present/));
    },
  },
  {
    name: "begin at the first unread message",
    async walk({ user, ben }) {
      const garden = await ben.createsRoom("Garden");
      await joinsRoom(user, "Garden");
      await ben.saysAll(numbered("before", 20), garden);
      // A user who writes has read everything before.
      await user.says("I have read it all");
      await user.seesSent("I have read it all");
      await user.opensRoom("Lobby");
      await ben.saysAll(numbered("missed", 80), garden);
      await user.opensSidebar();
      await user.sees({ ...t.roomButton("Garden"), hasText: /80 unread/ });
      await user.opensRoom("Garden");
      await user.view.seesInSight({ text: "New", within: t.timelineOf("Garden") });
      await user.presses(button(/^Jump to present/));
      await user.seesGone(button(/^Jump to present/));
      await user.presses(button(/^80 new/));
      await user.view.seesInSight({ text: "New", within: t.timelineOf("Garden") });
    },
  },
  {
    name: "see who is here",
    async walk({ user }) {
      await user.presses(button(/^People, /));
      const people = panelOf("People");
      await user.sees({ text: "Ben", within: people });
      await user.sees({ text: /^Online · 2$/, within: people });
      await user.presses(button("Close", people));
      await user.seesGone(people);
    },
  },
  {
    name: "let others in",
    async walk({ world, user }) {
      await user.pressesRoomButton("Let others in");
      const panel = panelOf("Let others in");
      await user.sees({ role: "img", name: /^QR code of http/, within: panel });
      await user.sees({ text: world.link.url.replace("http://", ""), within: panel });
      await user.presses(button("Close", panel));
      await user.seesGone(panel);
    },
  },
  {
    name: "open the settings and close them",
    async walk({ user }) {
      await user.opensSidebar();
      await user.presses(button("Settings", t.sidebar));
      const settings = dialogOf("Settings");
      await user.sees(settings);
      await user.hand.closeDialog(user.view, settings);
      await user.seesGone(settings);
    },
  },
  {
    name: "go to a room with the switcher",
    async walk({ user, ben }) {
      await ben.createsRoom("Garden");
      await joinsRoom(user, "Garden");
      await user.opensSidebar();
      await user.presses(button("Go to a room or a person", t.sidebar));
      const switcher = dialogOf("Go to a room or a person");
      await user.hand.write(user.view, { role: "combobox", within: switcher }, "lob");
      const lobby = { role: "option", name: /Lobby/, within: switcher };
      await user.sees(lobby);
      if (user.hand.name === "keyboard") await user.strikes("Enter");
      else await user.presses(lobby);
      await user.seesRoom("Lobby");
      await user.seesGone(switcher);
    },
  },
  {
    name: "write while offline",
    async walk({ world, user, ben }) {
      await user.says("with a connection");
      await user.seesSent("with a connection");
      world.link.cut();
      await user.sees(status(/Not connected/));
      await user.says("without one");
      await user.sees({ text: "sending", within: message("without one") });
      await ben.says("meanwhile");
      world.link.restore();
      await user.seesSent("without one");
      await user.seesMessage("meanwhile");
      await user.seesGone(status(/Not connected|Connecting/));
      await ben.seesMessage("without one");
    },
  },
  {
    name: "connect again without waiting",
    async walk({ world, user, ben }) {
      await user.says("with a connection");
      await user.seesSent("with a connection");
      world.link.cut();
      await user.presses(button(/^Try/));
      await user.sees(status(/Not connected|can’t be reached/));
      world.link.restore();
      await user.seesGone(status(/Not connected|can’t be reached/));
      await user.says("back again");
      await ben.seesMessage("back again");
    },
  },
  {
    name: "reload and be where one was",
    async walk({ user, ben }) {
      const garden = await ben.createsRoom("Garden");
      await joinsRoom(user, "Garden");
      await ben.says("Is it raining?", garden);
      await user.seesMessage("Is it raining?");
      await user.view.tab.reload();
      await user.seesRoom("Garden");
      await user.seesMessage("Is it raining?");
      // Without the address, the place of the last time.
      await user.opens();
      await user.seesRoom("Garden");
    },
  },
  {
    name: "go back and forward",
    async walk({ user }) {
      const goes = (steps) => user.view.tab.evaluate((n) => history.go(n), steps);
      await user.createsRoom("Garden");
      await user.createsRoom("Kitchen");
      await goes(-1);
      await user.seesRoom("Garden");
      await goes(-1);
      await user.seesRoom("Lobby");
      await goes(1);
      await user.seesRoom("Garden");
      await user.presses(button(/^People, /));
      await user.sees(panelOf("People"));
      await goes(-1);
      await user.seesGone(panelOf("People"));
      await user.seesRoom("Garden");
      await user.opensSidebar();
      await user.presses(button("Settings", t.sidebar));
      await user.sees(dialogOf("Settings"));
      await goes(-1);
      await user.seesGone(dialogOf("Settings"));
      await user.seesRoom("Garden");
    },
  },
  {
    name: "open the address of a message",
    async walk({ user, ben }) {
      await ben.saysAll(numbered("earlier", 60));
      const { seq } = await ben.says("the one that is linked");
      await ben.saysAll(numbered("later", 120));
      await ben.says("the newest");
      await user.seesMessage("the newest");
      // A user who writes has read everything before.
      await user.says("Which one?");
      await user.seesSent("Which one?");
      await user.view.tab.goto("about:blank");
      await user.opens(`/#/room/${ben.lobby}/${seq}`);
      await user.seesMessage("the one that is linked");
    },
  },
];

const numbered = (word, count) => Array.from({ length: count }, (_, index) => `${word} ${index + 1}`);

async function joinsRoom(user, name) {
  await user.opensSidebar();
  await user.presses(button("Browse rooms"));
  const dialog = dialogOf("Browse rooms");
  await user.presses(button("Join", { role: "listitem", hasText: name, within: dialog }));
  await user.seesRoom(name);
}

/** Checks what holds at the end of every path. */
export async function checkPage(user) {
  assert.deepEqual(await user.view.tab.problems, [], "the page reported errors");
  const overflow = await user.view.query("overflow");
  assert.ok(overflow <= 0, `the page is ${overflow} px wider than the window`);
  // A finger leaves the focus to the page, so that the phone's keyboard stays closed.
  if (!user.hand.touch) await user.view.keepsFocus();
  await user.view.waits("nothing is loading", async () => !(await user.view.query("isLoading")));
}
