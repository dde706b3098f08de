/** Steps that lead to other rooms, and through the session history. */

import * as t from "../../targets.mjs";

/** The most rooms that a walk makes. */
const maxRooms = 6;

export async function switchRoom(walk, random) {
  await walk.clears();
  const way = random.of(["sidebar", "sidebar", "keys", "switcher"]);
  if (way === "keys") {
    await walk.strikes(random.of(["Alt+ArrowDown", "Alt+ArrowUp"]));
    return way;
  }
  if (way === "switcher") {
    await walk.strikes("Control+k");
    const switcher = t.dialogOf("Go to a room or a person");
    await walk.waits("the switcher is open", () => walk.view.shows(switcher));
    await walk.view.tab.type(random.of(["Lob", "Room", "o"]));
    await walk.strikes("Enter");
    return way;
  }
  await opensSidebar(walk);
  const rooms = { role: "button", within: { role: "list", within: t.sidebar } };
  const count = await walk.view.query("count", rooms);
  if (count === 0) return "no rooms";
  const nth = random.between(0, count - 1);
  await walk.presses({ ...rooms, nth });
  return `${way}, ${nth + 1}`;
}

export async function createRoom(walk, random) {
  if (!walk.isConnected || (await walk.logs.rooms()).length >= maxRooms) return "enough rooms";
  const name = `Room ${walk.seed}.${walk.taken.length}`;
  if (random.chance(0.5)) {
    await walk.ben.createsRoom(name);
    return `${name}, by Ben`;
  }
  await walk.clears();
  await opensSidebar(walk);
  if (!(await walk.presses(t.button("Create a room", t.sidebar)))) return "no button";
  const dialog = t.dialogOf("Create a room");
  await walk.waits("the dialog is open", () => walk.view.shows(dialog));
  await walk.view.tab.type(name);
  await walk.view.tab.press("Enter");
  await walk.waits("the room is open", async () => (await walk.view.query("place")).room === name);
  const { id } = (await walk.logs.rooms()).find((room) => room.name === name);
  await walk.ben.joins(id);
  return name;
}

export async function joinRoom(walk, random) {
  if (!walk.isConnected) return "offline";
  await walk.clears();
  await opensSidebar(walk);
  if (!(await walk.presses(t.button("Browse rooms", t.sidebar)))) return "no button";
  const dialog = t.dialogOf("Browse rooms");
  const buttons = t.button(/^(Join|Open)$/, dialog);
  await walk.waits("the rooms are listed", () => walk.view.shows(buttons));
  const nth = random.between(0, (await walk.view.query("count", buttons)) - 1);
  if (!(await walk.presses({ ...buttons, nth }))) return "the room has gone";
  await walk.waits("the dialog is closed", async () => !(await walk.view.shows(dialog)));
  return undefined;
}

export async function openSettings(walk) {
  await walk.clears();
  await opensSidebar(walk);
  return (await walk.presses(t.button("Settings", t.sidebar))) ? undefined : "no button";
}

export const back = (walk) => goes(walk, -1);
export const forward = (walk) => goes(walk, 1);

export async function reload(walk) {
  if (!walk.isConnected) return "offline";
  await walk.view.tab.reload();
  await walk.waits("the page is there again", () => hasTimeline(walk));
  return undefined;
}

/** Goes back or forward. Before the first page of the app there is an empty one, from which one comes back. */
async function goes(walk, steps) {
  const way = await walk.view.query("wayTo", steps);
  if (way === "nowhere" || (way === "away" && !walk.isConnected)) return "not possible";
  // Later, because a page that is left can't answer.
  await walk.view.tab.evaluate((delta) => void setTimeout(() => history.go(delta)), steps);
  if (way === "here") return way;
  await walk.waits("the page is left", () => walk.view.query("isAway"));
  await walk.user.opens();
  await walk.waits("the page is there again", () => hasTimeline(walk));
  return way;
}

/** Shows the list of rooms, which is a drawer in a narrow window. */
async function opensSidebar(walk) {
  await walk.presses({ ...t.button("Show servers and rooms"), expanded: false });
  await walk.waits("the list of rooms is there", () => walk.view.shows(t.sidebar));
}

/** Returns whether a room is shown, also under a dialog. */
async function hasTimeline(walk) {
  return (await walk.view.query("place")).height > 0;
}
