/**
 * The icon in the tray of the app that hosts, on a desktop and a network of its own.
 *
 * A desktop with a tray:
 * - hosting shows an icon with a menu; stopping removes it; hosting again shows one that works
 * - a window that was hidden comes back by the icon, and by its menu
 *
 * A desktop without a tray:
 * - hosting works, and the question at the window's close button says how to get the window back
 * - a tray that starts later has the icon
 */

import { strict as assert } from "node:assert";
import { readFile } from "node:fs/promises";
import { after, before, describe } from "node:test";
import { dependentCases } from "./cases.mjs";
import { WindowFixture, skip } from "./window-fixture.mjs";

describe("a desktop with a tray", { skip }, () => {
  let fixture;
  let ada;
  let desktop;
  const test = dependentCases();

  before(async () => {
    fixture = await WindowFixture.create();
    ({ desktop } = fixture);
  });
  after(() => fixture?.remove());

  test("hosting again after a stop shows an icon that works", async () => {
    ada = await fixture.opens();
    await ada.setsName("Ada");
    await desktop.seesNoIcon();
    await ada.hosts();
    assert.equal((await desktop.seesIcon()).title, "I-Chat");
    await desktop.choosesInTray("Stop hosting");
    await ada.seesText("You are not hosting at the moment");
    await desktop.seesNoIcon();
    await ada.clicks("Host again");
    await ada.seesNoText("You are not hosting at the moment");
    const { menu } = await desktop.seesIcon();
    assert.deepEqual(
      menu.entries.map(({ label }) => label),
      ["Open I-Chat", "Stop hosting", "Quit"],
    );
  });

  test("a window that was hidden comes back by the icon, and by its menu", async () => {
    for (const comeBack of [() => desktop.choosesInTray("Open I-Chat"), () => desktop.clicksIcon()]) {
      desktop.closesWindow();
      await ada.seesDialog("You are hosting");
      await ada.seesText("icon in the system tray brings the window back");
      await ada.clicksAway("Keep hosting in the background");
      await desktop.seesNoWindow();
      await comeBack();
      await desktop.seesWindow();
    }
    await ada.says("back again");
    await ada.seesSent("back again");
  });
});

describe("a desktop without a tray", { skip }, () => {
  let fixture;
  let ada;
  let desktop;
  const test = dependentCases();

  before(async () => {
    fixture = await WindowFixture.create({ tray: false });
    ({ desktop } = fixture);
  });
  after(() => fixture?.remove());

  test("hosting works, and the question says how to get the window back", async () => {
    await fixture.hosts();
    ({ ada } = fixture);
    const libraries = await readFile(`/proc/${ada.pid}/maps`, "utf8");
    assert.doesNotMatch(
      libraries,
      /appindicator/,
      "hosting needs no library that a desktop without a tray may not have",
    );
    await ada.says("hello");
    await ada.seesSent("hello");
    desktop.closesWindow();
    await ada.seesText("To bring the window back, start I-Chat again");
    await ada.clicks("Cancel");
  });

  test("a tray that starts later has the icon", async () => {
    await desktop.showsTray();
    await desktop.seesIcon();
    desktop.closesWindow();
    await ada.seesText("icon in the system tray brings the window back");
    await ada.clicks("Cancel");
  });
});
