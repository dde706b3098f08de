/** The steps of a walk. Each acts on what is on the screen, and does nothing if there is nothing to act on. */

import { strict as assert } from "node:assert";
import * as t from "../targets.mjs";
import { checkInStep, checkPresent } from "./invariants.mjs";

const emoji = ["👍", "❤️", "😂"];
const actions = ["Reply", "Edit", "React", "React 👍", "React ❤️", "Mark unread from here", "Delete", "Copy text"];
/** The most rooms that a walk makes. */
const maxRooms = 6;
/** The distance by which a row may move that should stay in place, in pixels. */
const tolerance = 3;

/** The distance from the end at which the timeline follows what comes in, in pixels. */
const followTolerance = 40;

/** The relative frequency of each step. */
export const weights = {
  scroll: 20,
  scrollFar: 6,
  jumpToPresent: 8,
  jumpToUnread: 2,
  jumpToDate: 2,
  followQuote: 3,
  send: 10,
  draft: 2,
  act: 10,
  receive: 14,
  receiveMany: 2,
  amend: 8,
  rename: 1,
  renameRoom: 1,
  switchRoom: 7,
  createRoom: 2,
  joinRoom: 2,
  resize: 4,
  openPanel: 4,
  openDialog: 4,
  escape: 3,
  back: 4,
  forward: 3,
  reload: 1,
  tab: 4,
  arrows: 4,
  cut: 1.2,
  freeze: 0.6,
  restart: 0.6,
};

export const steps = {
  async scroll(walk, random) {
    await walk.clears();
    const distance = random.between(20, 1500) * (random.chance(0.65) ? -1 : 1);
    return scrolled(walk, distance);
  },

  async scrollFar(walk, random) {
    await walk.clears();
    const direction = random.chance(0.7) ? -1 : 1;
    const times = random.between(3, 8);
    for (let time = 0; time < times; time++) await scrolled(walk, direction * random.between(800, 3000));
    return `${times} times ${direction < 0 ? "up" : "down"}`;
  },

  async jumpToPresent(walk, random) {
    await walk.clears();
    if (!walk.isConnected) return "offline";
    const byKey = random.chance(0.4);
    if (byKey) {
      await walk.presses(t.composerOf());
      // The first may leave a reply or an edit.
      for (let time = 0; time < 3; time++) await walk.view.tab.press("Escape");
    } else if (!(await walk.presses(t.button(/^Jump to present/)))) {
      return "no button";
    }
    await checkPresent(walk);
    return byKey ? "by Esc" : "by the button";
  },

  async jumpToUnread(walk) {
    await walk.clears();
    return (await walk.presses(t.button(/^[\d,]+ new/))) ? undefined : "no button";
  },

  async jumpToDate(walk) {
    await walk.clears();
    if (!walk.isConnected || !(await walk.presses(t.button(/: jump to a date$/)))) return "no day";
    const go = t.button("Go", t.dialogOf("Jump to a date"));
    await walk.waits("the dialog is open", () => walk.view.shows(go));
    await walk.presses(go);
    await walk.waits("the dialog is closed", async () => !(await walk.view.shows(go)));
    return undefined;
  },

  async followQuote(walk, random) {
    await walk.clears();
    const quotes = t.button(/^In reply to /, t.timelineOf());
    const count = await walk.view.query("count", quotes);
    if (count === 0) return "no quote";
    await walk.presses({ ...quotes, nth: random.between(0, count - 1) });
    return undefined;
  },

  async send(walk, random) {
    await walk.clears();
    await walk.presses(t.button(/^(Stop editing|Don’t reply)$/));
    if (!(await walk.presses(t.composerOf()))) return "no composer";
    await walk.view.tab.press("Control+a");
    await writes(walk, walk.text(random));
    await walk.view.tab.press("Enter");
    if (walk.isConnected) await checkPresent(walk);
    return undefined;
  },

  async draft(walk, random) {
    await walk.clears();
    if (!(await walk.presses(t.composerOf()))) return "no composer";
    await writes(walk, walk.text(random));
    return undefined;
  },

  async act(walk, random) {
    await walk.clears();
    const inSight = (await walk.view.query("rows")).filter((row) => row.isInSight);
    const row = random.of(inSight);
    if (!row) return "no message";
    const [token] = /\d+\.\d+|line \d+\b/.exec(row.text) ?? [];
    if (!token) return "no text";
    const message = { ...t.message(new RegExp(`${token.replace(".", "\\.")}(?!\\d)`)), nth: 0 };
    const point = await walk.view.query("point", message);
    if (point.problem) return point.problem;
    await walk.view.tab.hover(point);
    await walk.view.query("draws");
    const action = random.of(actions);
    const menu = t.dialogOf("Message actions");
    if (!(await walk.presses(t.button(action, message)))) {
      if (!(await walk.presses(t.button("More actions", message)))) return "no actions";
      await walk.waits("the menu is open", () => walk.view.shows(menu));
      if (!(await walk.presses(t.button(action, menu)))) return `no ${action}`;
    }
    if (action === "Delete") {
      const dialog = t.dialogOf("Delete this message?");
      await walk.waits("the dialog is open", () => walk.view.shows(dialog));
      await walk.presses(t.button("Delete", dialog));
    }
    if (action === "Edit" || action === "Reply") {
      if (action === "Edit") await walk.view.tab.press("Control+a");
      await writes(walk, walk.text(random));
      await walk.view.tab.press("Enter");
    }
    return `${action} ${token}`;
  },

  /** Somebody writes. One who is at the end stays there; one who reads above sees nothing move. */
  async receive(walk, random) {
    const room = await roomToWriteIn(walk, random);
    if (!room) return "offline";
    const count = random.between(1, 4);
    const before = await walk.view.query("place");
    const isOpen = before.room === room.name;
    const rows = await walk.view.query("rows");
    const atEnd = before.below < 4 && (await isAtPresent(walk, room, rows));
    for (let n = 0; n < count; n++) await walk.ben.says(walk.text(random, random.between(1000, 9999)), room.id);
    if (isOpen && atEnd && walk.isConnected) await checkPresent(walk);
    else if (isOpen && before.below >= 4) await staysInPlace(walk, rows);
    return `${count} in ${room.name}`;
  },

  async receiveMany(walk, random) {
    const room = await roomToWriteIn(walk, random);
    if (!room) return "offline";
    const count = random.between(40, 150);
    const texts = Array.from({ length: count }, (_, n) =>
      walk.text(random, 10_000 + random.between(0, 9999) * 200 + n),
    );
    await walk.ben.saysAll(texts, room.id);
    await checkInStep(walk);
    return `${count} in ${room.name}`;
  },

  /** Somebody edits, reacts to or deletes one of the newest messages, or one from long ago. */
  async amend(walk, random) {
    const room = await roomToWriteIn(walk, random);
    if (!room) return "offline";
    const messages = (await walk.logs.messages(room.id)).filter(({ deleted }) => !deleted);
    const recent = messages.slice(-60);
    const own = recent.filter(({ author }) => author === walk.ben.id);
    const kind = random.of(["edit", "react", "react", "delete"]);
    const message = random.of(kind === "react" ? (random.chance(0.8) ? recent : messages) : own);
    if (!message) return "no message";
    const bodies = {
      edit: { kind, of: message.id, text: walk.text(random, random.between(1000, 9999)) },
      delete: { kind, of: message.id },
      react: { kind, to: message.id, emoji: random.of(emoji), on: random.chance(0.8) },
    };
    await walk.ben.posts(bodies[kind], room.id);
    await checkInStep(walk);
    return `${kind} ${message.seq} in ${room.name}`;
  },

  async rename(walk, random) {
    if (!walk.isConnected) return "offline";
    await walk.ben.renamesTo(`Ben ${random.between(1, 99)}`);
    return walk.ben.name;
  },

  async renameRoom(walk, random) {
    const room = await roomToWriteIn(walk, random);
    if (!room || room.id === walk.ben.lobby) return "the lobby";
    const name = `Room ${walk.seed}.${random.between(1, 9999)}`;
    await walk.ben.posts({ kind: "room_renamed", name }, room.id);
    return `${room.name} to ${name}`;
  },

  async switchRoom(walk, random) {
    await walk.clears();
    const way = random.of(["sidebar", "sidebar", "keys", "switcher"]);
    if (way === "keys") {
      await walk.view.tab.press(random.of(["Alt+ArrowDown", "Alt+ArrowUp"]));
      return way;
    }
    if (way === "switcher") {
      await walk.view.tab.press("Control+k");
      const switcher = t.dialogOf("Go to a room or a person");
      await walk.waits("the switcher is open", () => walk.view.shows(switcher));
      await walk.view.tab.type(random.of(["Lob", "Room", "o"]));
      await walk.view.tab.press("Enter");
      return way;
    }
    await opensSidebar(walk);
    const rooms = { role: "button", within: { role: "list", within: t.sidebar } };
    const count = await walk.view.query("count", rooms);
    if (count === 0) return "no rooms";
    const nth = random.between(0, count - 1);
    await walk.presses({ ...rooms, nth });
    return `${way}, ${nth + 1}`;
  },

  async createRoom(walk, random) {
    if (!walk.isConnected || (await walk.logs.rooms()).length >= maxRooms) return "enough rooms";
    const name = `Room ${walk.seed}.${random.between(1, 9999)}`;
    if (random.chance(0.5)) {
      await walk.ben.createsRoom(name);
      return `${name}, by Ben`;
    }
    await walk.clears();
    await opensSidebar(walk);
    if (!(await walk.presses(t.button("Create a room")))) return "no button";
    const dialog = t.dialogOf("Create a room");
    await walk.waits("the dialog is open", () => walk.view.shows(dialog));
    await walk.view.tab.type(name);
    await walk.view.tab.press("Enter");
    await walk.waits("the room is open", async () => (await walk.view.query("place")).room === name);
    const { id } = (await walk.logs.rooms()).find((room) => room.name === name);
    await walk.ben.joins(id);
    return name;
  },

  async joinRoom(walk, random) {
    if (!walk.isConnected) return "offline";
    await walk.clears();
    await opensSidebar(walk);
    if (!(await walk.presses(t.button("Browse rooms")))) return "no button";
    const dialog = t.dialogOf("Browse rooms");
    const buttons = t.button(/^(Join|Open)$/, dialog);
    await walk.waits("the rooms are listed", () => walk.view.shows(buttons));
    const nth = random.between(0, (await walk.view.query("count", buttons)) - 1);
    await walk.presses({ ...buttons, nth });
    await walk.waits("the dialog is closed", async () => !(await walk.view.shows(dialog)));
    return undefined;
  },

  async resize(walk, random) {
    const [width, height] = [random.between(360, 1400), random.between(480, 900)];
    await walk.view.tab.resize(width, height);
    return `${width} × ${height}`;
  },

  async openPanel(walk, random) {
    await walk.clears();
    const name = random.of([/^People, /, "Let others in", "More about this room"]);
    return (await walk.presses(t.button(name))) ? String(name) : "no button";
  },

  async openDialog(walk, random) {
    await walk.clears();
    const keys = random.of(["Control+k", "Control+/", "settings", "topic"]);
    if (keys === "settings") {
      await opensSidebar(walk);
      await walk.presses(t.button("Settings", t.sidebar));
    } else if (keys === "topic") {
      await walk.presses(t.button("Room name and topic"));
    } else {
      await walk.view.tab.press(keys);
    }
    return keys;
  },

  async escape(walk) {
    await walk.view.tab.press("Escape");
  },

  back: (walk) => goes(walk, -1),
  forward: (walk) => goes(walk, 1),

  async reload(walk) {
    if (!walk.isConnected) return "offline";
    await walk.view.tab.reload();
    await walk.waits("the page is there again", () => hasTimeline(walk));
    return undefined;
  },

  async tab(walk, random) {
    const keys = random.chance(0.5) ? "Tab" : "Shift+Tab";
    const count = random.between(1, 12);
    for (let n = 0; n < count; n++) await walk.view.tab.press(keys);
    return `${count} times ${keys}`;
  },

  async arrows(walk, random) {
    await walk.clears();
    const inSight = (await walk.view.query("rows")).filter((row) => row.isInSight);
    if (inSight.length === 0) return "no message";
    await walk.presses(t.composerOf());
    await walk.view.tab.press("Shift+F6");
    const keys = Array.from({ length: random.between(1, 12) }, () =>
      random.of(["ArrowUp", "ArrowUp", "ArrowDown", "PageUp", "PageDown", "Home", "End"]),
    );
    for (const key of keys) await walk.view.tab.press(key);
    return keys.join(" ");
  },

  async cut(walk, random) {
    if (!walk.isConnected) return "offline";
    walk.world.link.cut();
    walk.outage = { steps: random.between(1, 8), end: () => restored(walk) };
    return `for ${walk.outage.steps} steps`;
  },

  async freeze(walk, random) {
    if (!walk.isConnected) return "offline";
    walk.world.link.freeze();
    walk.outage = { steps: random.between(1, 4), end: () => restored(walk) };
    return `for ${walk.outage.steps} steps`;
  },

  async restart(walk, random) {
    if (!walk.isConnected) return "offline";
    const { server } = walk.world;
    await server.stop(random.of(["SIGTERM", "SIGKILL"]));
    const end = async () => {
      await server.start();
      await walk.ben.connects();
    };
    walk.outage = { steps: random.between(1, 5), end, isServerDown: true };
    return `for ${walk.outage.steps} steps`;
  },
};

/** Scrolls by the wheel. What is in sight moves by as much, and not more, also if older messages are loaded meanwhile. */
async function scrolled(walk, distance) {
  const [before, place] = [await walk.view.query("rows"), await walk.view.query("place")];
  const point = await walk.view.query("point", t.timelineOf());
  if (point.problem) return point.problem;
  await walk.view.tab.wheel(point, distance);
  await walk.view.query("draws");
  // At the end, what comes in moves everything.
  if (place.below > followTolerance) await movedAtMost(walk, before, distance);
  return `${distance} px`;
}

async function movedAtMost(walk, before, distance) {
  const after = new Map((await walk.view.query("rows")).map((row) => [row.id, row]));
  for (const row of before) {
    const now = after.get(row.id);
    if (!row.isInSight || !now) continue;
    // The lower edge, because a row may lose its header when older rows are added above it.
    const moved = now.bottom - row.bottom;
    const [low, high] = [Math.min(0, -distance) - tolerance, Math.max(0, -distance) + tolerance];
    assert.ok(moved >= low && moved <= high, `the row ${row.text} moved by ${moved} px instead of ${-distance} px`);
  }
}

/** Checks that the first message in sight stays where it is. */
async function staysInPlace(walk, before) {
  await walk.view.query("draws");
  const first = before.find((row) => row.isInSight);
  const now = (await walk.view.query("rows")).find(({ id }) => id === first?.id);
  if (!first || !now) return;
  const moved = now.bottom - first.bottom;
  assert.ok(Math.abs(moved) <= tolerance, `the row ${first.text} moved by ${moved} px`);
}

async function isAtPresent(walk, room, rows) {
  const newest = (await walk.logs.messages(room.id)).at(-1);
  return newest === undefined || rows.some(({ id }) => id === newest.id);
}

/** Returns the open room, or sometimes another one, in which Ben is. */
async function roomToWriteIn(walk, random) {
  if (walk.outage?.isServerDown) return undefined;
  const rooms = (await walk.logs.rooms()).filter(({ joined }) => joined);
  const { room } = await walk.view.query("place");
  const open = rooms.find(({ name }) => name === room);
  return open && random.chance(0.75) ? open : random.of(rooms);
}

async function writes(walk, text) {
  for (const [index, line] of text.split("\n").entries()) {
    if (index > 0) await walk.view.tab.press("Shift+Enter");
    await walk.view.tab.type(line);
  }
}

async function opensSidebar(walk) {
  await walk.presses({ ...t.button("Show servers and rooms"), expanded: false });
  await walk.waits("the list of rooms is there", async () => {
    const point = await walk.view.query("point", t.button("Create a room"));
    return !point.problem;
  });
}

/** Goes back or forward. Before the first page of the app there is an empty one, from which one comes back. */
async function goes(walk, direction) {
  await walk.view.tab.evaluate((steps) => void setTimeout(() => history.go(steps)), direction);
  await walk.view.query("draws");
  if (await walk.view.query("isAway")) {
    if (!walk.isConnected) await walk.reconnects();
    await walk.user.opens();
  }
  if (walk.isConnected) await walk.waits("the page is there", () => hasTimeline(walk));
  return undefined;
}

/** Returns whether a room is shown, also under a dialog. */
async function hasTimeline(walk) {
  return (await walk.view.query("place")).height > 0;
}

async function restored(walk) {
  walk.world.link.restore();
  await walk.view.tab.evaluate(() => void dispatchEvent(new Event("online")));
}
