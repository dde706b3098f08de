/**
 * The paths through a room of thousands of messages, for `walk-paths.mjs`:
 * - scroll to the first message in small steps
 * - scroll far in both directions, from the present and from the middle, where messages are loaded at both ends
 * - scroll far below a message that is marked as unread
 * - see that a place is being loaded, on a slow connection
 * - jump to the first message by its date, to a message by its address, and to the present, each from each other
 * - jump to a day from its heading, and by finger from the room's menu; a day before the room began is refused
 * - go through the messages by PageUp, PageDown, Home and End
 * - stay at the same messages while the window changes its size, and while others write
 * - go to another room and return to the same messages
 * - go to the oldest of many unread messages
 *
 * Nothing moves except as the user scrolls, and no message is missing between two others.
 */

import { strict as assert } from "node:assert";
import * as t from "./targets.mjs";

const { button, dialogOf } = t;

/** The number of messages in the room. Their texts are numbered (`archivedText`). */
export const longRoomMessages = 5_000;
const middle = longRoomMessages / 2;

/** The distance by which a row may move that should stay in place, in pixels. */
const tolerance = 3;
/** The most messages that the page may have at once: more than `maxItems` in `ui/src/rooms/log-window.ts`. */
const maxRows = 400;
const maxElements = 15_000;
/** The distances to scroll by, in pixels. The last ones are longer than what is loaded ahead. */
const distances = [500, 1_200, 3_000, 9_000];
/** A finger needs many drags for each. */
const touchDistances = [1_200, 9_000];

export const longRoomPaths = [
  {
    name: "scroll to the first message",
    hands: ["mouse"],
    async walk({ user }) {
      await user.seesMessage(lastLine);
      const found = await user.view.query("scrollToTop");
      assert.deepEqual(found.jumps, [], "what is in sight moves by as much as it is scrolled");
      assert.ok(found.steps > 50, `only ${found.steps} steps`);
      assert.ok(found.rows <= maxRows, `${found.rows} messages were in the page at once`);
      assert.ok(found.elements <= maxElements, `${found.elements} elements were in the page at once`);
      await user.view.seesInSight({ text: "This is where it begins.", within: t.timelineOf() });
      await seesLine(user, 1);
    },
  },
  {
    name: "scroll far, and nothing jumps",
    hands: ["mouse", "touch"],
    async walk({ world, user, ben }) {
      await user.seesMessage(lastLine);
      const loaded = await visits(user, "at the present", -1);
      assert.ok(loaded.first < longRoomMessages - 200, `only ${loaded.first} is the first`);
      for (const direction of [-1, 1]) {
        await returnsToPresent(user);
        await opensLine(world, user, ben, middle);
        const before = await linesOf(user);
        const { first, last } = await visits(user, "in the middle", direction);
        if (direction < 0) assert.ok(first < before.first, `nothing was loaded before line ${before.first}`);
        else assert.ok(last > before.last, `nothing was loaded after line ${before.last}`);
      }
    },
  },
  {
    name: "scroll far below what is unread, and nothing jumps",
    hands: ["mouse"],
    async walk({ world, user, ben }) {
      await user.seesMessage(lastLine);
      await opensLine(world, user, ben, middle);
      await user.acts(line(middle), "Mark unread from here");
      await returnsToPresent(user);
      await visits(user, "at the present", -1);
    },
  },
  {
    name: "see that a place is being loaded",
    hands: ["mouse"],
    async walk({ world, user, ben }) {
      await user.seesMessage(lastLine);
      await opensLine(world, user, ben, middle);
      world.link.pause();
      await user.presses(button(/^Jump to present/));
      const loading = { role: "status", hasText: "Loading…" };
      await user.view.waits("the page says that it is loading", async () => {
        // A busy machine may need so long that the page has given up.
        if (await user.view.shows(button("Retry"))) await user.presses(button("Retry"));
        return user.view.shows(loading);
      });
      world.link.resume();
      await user.seesMessage(lastLine);
      await user.seesGone(loading);
    },
  },
  {
    name: "jump from anywhere to anywhere",
    hands: ["mouse", "touch"],
    async walk({ world, user, ben }) {
      const jumps = {
        "the first message": async () => {
          await user.presses(button(/: jump to a date$/));
          await user.presses(button("Go", dialogOf("Jump to a date")));
          await seesLine(user, 1);
        },
        "a message in the middle": () => opensLine(world, user, ben, middle),
        "the present": () => returnsToPresent(user),
      };
      await user.seesMessage(lastLine);
      // Each comes after each other one.
      for (const place of [
        "the first message",
        "the present",
        "a message in the middle",
        "the first message",
        "a message in the middle",
        "the present",
      ]) {
        await jumps[place]();
        await user.view.query("rests");
        await linesOf(user);
      }
    },
  },
  {
    name: "jump to another day",
    async walk({ user }) {
      const dialog = dialogOf("Jump to a date");
      await user.seesMessage(lastLine);
      const fromDay = button(/: jump to a date$/);
      if (user.hand.touch) await user.pressesRoomButton("Jump to a date");
      else await user.presses(fromDay);
      await user.presses(button("Go", dialog));
      await user.seesGone(dialog);
      await seesLine(user, 1);
      await returnsToPresent(user);
      await user.presses(fromDay);
      const date = { label: "Jump to a date", within: dialog };
      await user.hand.write(user.view, date, "01012020");
      await user.presses(button("Go", dialog));
      await user.sees({ role: "alert", hasText: /^This room begins on /, within: dialog });
      await user.hand.closeDialog(user.view, dialog);
      await user.seesGone(dialog);
    },
  },
  {
    name: "go through the messages by keys",
    hands: ["keyboard"],
    async walk({ user }) {
      await user.seesMessage(lastLine);
      await user.hand.turnTo(user.view, t.message(lastLine));
      let before = await linesInSight(user);
      for (let page = 0; page < 8; page++) before = await strikesFrom(user, "PageUp", before, -1);
      for (let page = 0; page < 3; page++) before = await strikesFrom(user, "PageDown", before, 1);
      // To the first and the last message that is loaded, after which more are loaded.
      for (const [key, direction] of [
        ["Home", -1],
        ["Home", -1],
        ["Home", -1],
        ["End", 1],
        ["End", 1],
      ]) {
        await user.strikes(key);
        await user.view.waits(`${key} goes on`, async () => {
          const now = await linesInSight(user);
          return direction < 0 ? now.first < before.first : now.last > before.last;
        });
        await checkFocusedRow(user, key);
        before = await linesInSight(user);
      }
      await user.strikes("Escape");
      await user.seesMessage(lastLine);
    },
  },
  {
    name: "stay while the window changes its size",
    hands: ["mouse"],
    async walk({ world, user, ben }) {
      await user.seesMessage(lastLine);
      await opensLine(world, user, ben, middle);
      for (const [width, height] of [
        [1280, 500],
        [700, 500],
        [400, 740],
        [1600, 1000],
        [1280, 800],
      ]) {
        const before = await linesInSight(user);
        await user.view.tab.resize(width, height);
        await user.view.query("rests");
        const now = await linesInSight(user);
        // The first line may be in sight in part only, and hidden afterwards.
        const first = Math.min(before.first + 1, before.last);
        const stays = first <= now.last && now.first <= first;
        assert.ok(stays, `at ${width} × ${height}, line ${before.first} is not among ${now.first} to ${now.last}`);
        await linesOf(user);
      }
    },
  },
  {
    name: "stay while others write",
    async walk({ world, user, ben }) {
      await user.seesMessage(lastLine);
      await opensLine(world, user, ben, middle);
      await user.view.query("rests");
      await user.view.query("watchRows");
      await ben.saysAll(Array.from({ length: 20 }, (_, index) => `news ${index + 1}`));
      await user.sees(button(/^Jump to present ?20$/));
      await staysStill(user, "while others write");
      await user.presses(button(/^Jump to present/));
      await user.seesMessage("news 20");
    },
  },
  {
    name: "return from another room",
    async walk({ world, user, ben }) {
      await user.createsRoom("Garden");
      await user.opensRoom("Lobby");
      await user.seesMessage(lastLine);
      await opensLine(world, user, ben, middle);
      await user.scrolls(-700);
      await user.view.query("rests");
      const before = await linesInSight(user);
      await user.opensRoom("Garden");
      await user.view.tab.evaluate(() => history.back());
      await user.seesRoom("Lobby");
      await seesLine(user, before.first + 1);
    },
  },
  {
    name: "go to the oldest of many unread messages",
    hands: ["keyboard"],
    async walk({ user, ben }) {
      await user.says("I have read it all");
      await user.seesSent("I have read it all");
      await user.createsRoom("Garden");
      await ben.saysAll(Array.from({ length: 250 }, (_, index) => `missed ${index + 1}`));
      await user.sees({ ...t.roomButton("Lobby"), hasText: /250 unread/ });
      await user.opensRoom("Lobby");
      await user.view.seesInSight({ text: "New", within: t.timelineOf("Lobby") });
      await user.presses(button(/^Jump to present/));
      await user.seesGone(button(/^Jump to present/));
      await user.strikes("Shift+PageUp");
      await user.view.seesInSight({ text: "New", within: t.timelineOf("Lobby") });
    },
  },
];

const line = (n) => new RegExp(`\\bline ${n}(?!\\d)`);
const lastLine = line(longRoomMessages);

const seesLine = (user, n) => user.seesMessage(line(n));

async function returnsToPresent(user) {
  await user.presses(button(/^Jump to present/));
  await user.seesMessage(lastLine);
  await user.seesGone(button(/^Jump to present/));
}

/** Opens the address of a message, as a link does, and waits for it. */
async function opensLine(world, user, ben, n) {
  // The first entry says that the room was created; later ones may say who has joined.
  const { entries } = await ben.reads(ben.lobby, { after: n - 10, limit: 40 });
  const { seq } = entries.find(({ body }) => body.kind === "message" && line(n).test(body.text));
  await user.view.tab.evaluate((address) => void (location.hash = address), `#/room/${ben.lobby}/${seq}`);
  await seesLine(user, n);
  await user.view.query("rests");
}

/** Scrolls by each distance, there and half of it back. Returns the numbers of the messages that are loaded at the end. */
async function visits(user, where, direction) {
  for (const distance of user.hand.touch ? touchDistances : distances) {
    await scrollsBy(user, direction * distance, where);
    await scrollsBy(user, (-direction * distance) / 2, where);
  }
  return linesOf(user);
}

/** Scrolls, and checks that everything in sight moves by as much and never back, whatever is loaded meanwhile. */
async function scrollsBy(user, distance, where) {
  const place = await user.view.query("place");
  await user.view.query("watchRows");
  await user.scrolls(distance);
  await user.view.query("rests");
  const { up, down, lost, frames } = await user.view.query("movement");
  const [moved, back] = distance < 0 ? [down, up] : [up, down];
  const wanted = Math.min(Math.abs(distance), distance < 0 ? place.above : place.below);
  // A finger moves some pixels before the page follows it.
  const least = user.hand.touch ? wanted * 0.7 - 30 : wanted - tolerance;
  const report = `${where}, scrolling by ${distance} px: ${down} px down, ${up} px up, ${lost} times elsewhere (${frames})`;
  // It also throws the page.
  const most = user.hand.touch ? Number.POSITIVE_INFINITY : Math.abs(distance) + tolerance;
  assert.ok(moved >= least && moved <= most, report);
  assert.ok(back <= tolerance && lost === 0, report);
  await linesOf(user);
}

async function staysStill(user, when) {
  await user.view.query("rests");
  const { up, down, lost } = await user.view.query("movement");
  assert.ok(up <= tolerance && down <= tolerance && lost === 0, `${when}: ${up} px up, ${down} px down`);
}

/** Presses a key that turns a page: the messages before and after overlap, and the focus is in sight. */
async function strikesFrom(user, key, before, direction) {
  await user.strikes(key);
  await user.view.query("rests");
  const now = await linesInSight(user);
  const moved = direction < 0 ? now.first < before.first : now.last > before.last;
  const overlaps = now.first <= before.last + 1 && before.first <= now.last + 1;
  const report = `${key} goes from ${before.first}–${before.last} to ${now.first}–${now.last}`;
  assert.ok(moved && overlaps, report);
  await checkFocusedRow(user, key);
  await linesOf(user);
  return now;
}

async function checkFocusedRow(user, key) {
  let focus;
  await user.view
    .waits(`after ${key} the focus is in sight and marked`, async () => {
      focus = await user.view.query("focus");
      return !focus.isBody && focus.isInSight && focus.isMarked;
    })
    .catch((error) => {
      throw new Error(`${JSON.stringify(focus)}: ${error.message}`, { cause: error });
    });
}

/** Returns the numbers of the first and last message that is loaded. None is missing between them. */
async function linesOf(user) {
  return range(numbersOf((await user.view.query("reading", true)).rows));
}

/** Returns the numbers of the first and last message in sight. */
async function linesInSight(user) {
  return range(numbersOf((await user.view.query("reading", true)).rows.filter(({ isInSight }) => isInSight)));
}

const numbersOf = (rows) =>
  rows
    .map(({ text }) => /\bline (\d+)/.exec(text)?.[1])
    .filter((number) => number !== undefined)
    .map(Number);

function range(numbers) {
  assert.ok(numbers.length > 0, "no message is shown");
  const gap = numbers.findIndex((number, at) => at > 0 && number !== numbers[at - 1] + 1);
  assert.equal(gap, -1, `line ${numbers[gap]} follows line ${numbers[gap - 1]}`);
  return { first: numbers[0], last: numbers.at(-1) };
}
