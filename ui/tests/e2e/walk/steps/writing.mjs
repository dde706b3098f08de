/** Steps of somebody who writes, and who acts on messages. */

import * as t from "../../targets.mjs";
import { checkInStep, checkPresent } from "../invariants.mjs";

const actions = ["Reply", "Edit", "React", "React 👍", "React ❤️", "Mark unread from here", "Delete", "Copy text"];

export async function send(walk, random) {
  await walk.clears();
  await walk.presses(t.button(/^(Stop editing|Don’t reply)$/, { role: "main" }));
  if (!(await walk.presses(t.composerOf()))) return "no composer";
  await walk.view.tab.press("Control+a");
  await walk.writes(walk.text(random));
  await walk.strikes("Enter");
  if (walk.isConnected) await checkPresent(walk);
  return undefined;
}

export async function draft(walk, random) {
  await walk.clears();
  if (!(await walk.presses(t.composerOf()))) return "no composer";
  await walk.writes(walk.text(random));
  return undefined;
}

export async function act(walk, random) {
  await walk.clears();
  const inSight = (await walk.view.settled("reading", true)).rows.filter((row) => row.isInSight);
  const row = random.of(inSight);
  const action = random.of(actions);
  if (!row) return "no message";
  const [token] = /\d+\.\d+|line \d+\b/.exec(row.text) ?? [];
  if (!token) return "no text";
  const message = { key: row.id, within: t.timelineOf() };
  const point = await walk.view.query("stillPoint", message);
  if (point.problem) return point.problem;
  await walk.view.tab.hover(point);
  await walk.view.query("settles");
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
    await walk.writes(walk.text(random));
    await walk.strikes("Enter");
  }
  // Waits for a deletion, so that no later step amends the message.
  await checkInStep(walk);
  return `${action} ${token}`;
}
