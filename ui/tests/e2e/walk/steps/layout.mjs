/** Steps that change the window and what is open in it, and those of the keyboard. */

import * as t from "../../targets.mjs";

export async function resize(walk, random) {
  const [width, height] = [random.between(360, 1400), random.between(480, 900)];
  await walk.view.tab.resize(width, height);
  return `${width} × ${height}`;
}

export async function openPanel(walk, random) {
  await walk.clears();
  const name = random.of([/^People, /, "Let others in", "More about this room"]);
  return (await walk.presses(t.button(name))) ? String(name) : "no button";
}

export async function openDialog(walk, random) {
  await walk.clears();
  const way = random.of(["Control+k", "Control+/", "topic"]);
  if (way === "topic") return (await walk.presses(t.button("Room name and topic"))) ? way : "no button";
  await walk.strikes(way);
  await walk.waits("the dialog is open", () => walk.view.shows({ role: "dialog" }));
  return way;
}

export async function escape(walk) {
  await walk.view.tab.press("Escape");
}

export async function tab(walk, random) {
  const keys = random.chance(0.5) ? "Tab" : "Shift+Tab";
  const count = random.between(1, 12);
  for (let n = 0; n < count; n++) await walk.view.tab.press(keys);
  // Behind the last stop is the browser's own interface, and behind that the page again.
  if (!(await walk.view.settled("hasWindowFocus"))) await walk.view.tab.press(keys);
  return `${count} times ${keys}`;
}

export async function arrows(walk, random) {
  await walk.clears();
  await walk.presses(t.composerOf());
  const keys = Array.from({ length: random.between(1, 12) }, () =>
    random.of(["ArrowUp", "ArrowUp", "ArrowDown", "PageUp", "PageDown", "Home", "End"]),
  );
  await walk.strikes("Shift+F6", ...keys);
  return keys.join(" ");
}
