/**
 * The ways to end the app while it hosts, on a desktop and a network of its own. The cases use one data folder, so each start
 * hosts again.
 * - nobody is connected: the window's close button and its key ask; the tray quits at once
 * - nobody is connected: the keyboard quits at once
 * - others are connected: the close button, its key, the tray and the keyboard ask, and so does the tray's “Stop hosting”
 * - SIGTERM ends the app at once, although others are connected
 * - a page that doesn't respond can't keep the window open
 * - an app that doesn't host ends by the key that closes its window
 */

import { after, before, describe, test as singleTest } from "node:test";
import { eventually } from "../foreign/server.mjs";
import { dependentCases } from "./cases.mjs";
import { WindowFixture, skip } from "./window-fixture.mjs";

describe("quitting while hosting", { skip }, () => {
  let fixture;
  let ada;
  let desktop;
  let address;
  const test = dependentCases();

  before(async () => {
    fixture = await WindowFixture.create();
    ({ desktop } = fixture);
    address = await fixture.hosts();
    ({ ada } = fixture);
  });
  after(() => fixture?.remove());

  /** Starts the app again, which hosts again. */
  async function startsAgain() {
    await ada.starts();
    await desktop.seesWindow();
    await ada.seesRoom("Lobby");
    await desktop.seesIcon();
  }

  test("nobody is connected: the close button and its key ask, the tray quits at once", async () => {
    for (const close of [() => desktop.closesWindow(), () => desktop.presses("ctrl+w")]) {
      close();
      await ada.seesDialog("You are hosting");
      await ada.clicks("Cancel");
      await ada.seesNoDialog();
    }
    await desktop.choosesInTray("Quit");
    await ada.ends();
  });

  test("nobody is connected: the keyboard quits at once", async () => {
    await startsAgain();
    desktop.presses("ctrl+q");
    await ada.ends();
  });

  test("others are connected: every way asks", async () => {
    await startsAgain();
    await ada.clicks("Let others in");
    await fixture.joins(address);
    const ways = [
      () => desktop.closesWindow(),
      () => desktop.presses("ctrl+w"),
      () => desktop.presses("ctrl+q"),
      () => desktop.choosesInTray("Quit"),
    ];
    for (const way of ways) {
      await way();
      await ada.seesText("1 other person is connected");
      await ada.clicks("Cancel");
      await ada.seesNoDialog();
    }
    await desktop.choosesInTray("Stop hosting");
    await ada.seesDialog("Stop hosting?");
    await ada.clicks("Cancel");
    await ada.says("still here");
    await ada.seesSent("still here");
    desktop.presses("ctrl+q");
    await ada.clicksAway("Quit for now");
    await ada.ends();
  });

  test("SIGTERM ends the app at once, although others are connected", async () => {
    await startsAgain();
    await ada.clicks("Let others in");
    await ada.seesHereNow("Gus");
    process.kill(ada.pid, "SIGTERM");
    await ada.ends();
  });

  test("a page that doesn't respond can't keep the window open", async () => {
    await startsAgain();
    ada.freezesPage();
    await eventually("the app ends", async () => {
      if (await ada.hasEnded()) return true;
      try {
        desktop.closesWindow();
      } catch {
        // The window has gone, and the app is about to end.
      }
      return false;
    });
    await ada.crashes();
  });
});

singleTest("an app that doesn't host ends by the key that closes its window", { skip }, async () => {
  const fixture = await WindowFixture.create();
  try {
    const ada = await fixture.opens();
    await ada.seesText("Your name");
    fixture.desktop.presses("ctrl+w");
    await ada.ends();
  } finally {
    await fixture.remove();
  }
});
