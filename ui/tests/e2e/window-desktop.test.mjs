/**
 * The app's window on its desktop: notifications, the screen, and the right mouse button. The cases use one window.
 * - notifications: of this app, one per room, escaped, gone when the room has been read
 * - the keyboard changes the size of everything; the size and the room are there again after a restart
 * - F11 fills the screen
 * - the right mouse button on a link: open it or copy it, and nothing else
 * - a misspelled word is marked, and can be corrected with the right mouse button
 */

import { strict as assert } from "node:assert";
import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe } from "node:test";
import { eventually } from "../foreign/server.mjs";
import { dependentCases } from "./cases.mjs";
import { WindowFixture, skip } from "./window-fixture.mjs";

describe("the desktop and the window", { skip }, () => {
  let fixture;
  let ada;
  let desktop;
  let address;
  /** The file in which the system's browser writes down the addresses that it opens. */
  let opened;
  const test = dependentCases();

  before(async () => {
    fixture = await WindowFixture.create();
    ({ desktop } = fixture);
    opened = join(fixture.folder, "opened");
    const browser = join(fixture.folder, "xdg-open");
    await writeFile(browser, `#!/bin/sh\necho "$1" >"${opened}"\n`);
    await chmod(browser, 0o755);
    address = await fixture.hosts({ PATH: `${fixture.folder}:${process.env.PATH}`, LANGUAGE: "en_US" });
    ({ ada } = fixture);
  });
  after(() => fixture?.remove());

  test("notifications: one per room, and gone when the room has been read", async () => {
    await ada.createsRoom("Kitchen");
    desktop.closesWindow();
    await ada.clicksAway("Keep hosting in the background");
    await desktop.seesNoWindow();
    fixture.posts(address, "ping one");
    const first = await desktop.seesNotification("ping one");
    assert.equal(first.appName, "I-Chat");
    assert.equal(first.hints["desktop-entry"], "chat.ichat.app");
    assert.equal(first.hints.category, "im.received");
    fixture.posts(address, "ping two <b>");
    const second = await desktop.seesNotification("ping two &lt;b&gt;");
    assert.equal(second.id, first.id, "it replaces the first");
    assert.equal(desktop.shownNotifications.length, 1);
    desktop.clicksNotification(second);
    await desktop.seesWindow();
    await ada.sees("ping two");
    await desktop.seesNoNotification();
  });

  test("the size of everything and the room are there again after a restart", async () => {
    await ada.opensRoom("Kitchen");
    const width = await ada.pageWidth();
    desktop.presses("ctrl+plus", "ctrl+plus", "ctrl+plus");
    await eventually("a larger page", async () => (await ada.pageWidth()) < 0.7 * width);
    const larger = await ada.pageWidth();
    await ada.quits();
    await ada.starts();
    await desktop.seesWindow();
    await ada.seesRoom("Kitchen");
    await eventually("the larger page", async () => (await ada.pageWidth()) === larger);
    desktop.presses("ctrl+0");
    await eventually("the usual size", async () => (await ada.pageWidth()) === width);
  });

  test("F11 fills the screen, and gives it back", async () => {
    const { height } = await desktop.windowSize();
    desktop.presses("F11");
    await eventually("the whole screen", async () => (await desktop.windowSize()).height === 1000);
    desktop.presses("F11");
    await eventually("the window's size", async () => (await desktop.windowSize()).height === height);
  });

  test("a link can be opened and copied with the right mouse button", async () => {
    await ada.opensRoom("Lobby");
    await ada.says("see https://example.org/page");
    await ada.seesSent("see https://example.org/page");
    desktop.clicks(3, await ada.positionOf("//*[@role='log']//a[contains(@href, 'example.org')]"));
    assert.deepEqual(await desktop.readsMenu(), ["Open link", "Copy Link Location"]);
    await desktop.takesScreenshot("window-link-menu");
    desktop.presses("Down", "Return");
    await eventually("the link is opened", async () => {
      return (await readFile(opened, "utf8").catch(() => "")).trim() === "https://example.org/page";
    });
    desktop.clicks(3, await ada.positionOf("//*[@role='log']//a[contains(@href, 'example.org')]"));
    await desktop.readsMenu();
    desktop.presses("Down", "Down", "Return");
    await ada.focusesDraft("Lobby");
    desktop.presses("ctrl+v");
    await eventually("the link is pasted", async () => {
      return (await ada.draft("Lobby")) === "https://example.org/page";
    });
    desktop.presses("ctrl+a", "BackSpace");
  });

  test("a misspelled word is marked, and can be corrected with the right mouse button", async () => {
    await ada.opensRoom("Lobby");
    await ada.focusesDraft("Lobby");
    desktop.types("mesage and so on");
    await eventually("the text", async () => (await ada.draft("Lobby")) === "mesage and so on");
    const position = await ada.positionOfDraft("Lobby");
    const menu = await eventually("a menu with the right word", async () => {
      desktop.clicks(3, position);
      const entries = await desktop.readsMenu();
      if (entries.includes("message")) return entries;
      desktop.presses("Escape");
      return undefined;
    });
    await desktop.takesScreenshot("window-spelling");
    for (const entry of ["Reload", "Insert Unicode Control Character", "Font"]) assert.ok(!menu.includes(entry), entry);
    desktop.presses("Down", "Return");
    await eventually("the word is corrected", async () => /^message and/.test(await ada.draft("Lobby")));
  });
});
