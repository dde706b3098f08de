/**
 * The app's window at a guest of another computer's server, on a desktop and a network of its own. The cases use one window.
 * - the share panel has no address that only the host can open
 * - a copied selection of messages has their names and texts, and no button
 * - one message at a time shows its actions
 * - a draft of many lines doesn't push the present off the screen
 * - after the server was shut down its guests read so, and that nobody can join
 * - a message that was written offline has its author, also after a restart
 * - without a connection the lobby can't be left either
 * - the user's own message is never below the New line
 */

import { strict as assert } from "node:assert";
import { after, before, describe } from "node:test";
import { eventually } from "../foreign/server.mjs";
import { dependentCases } from "./cases.mjs";
import { WindowFixture, skip } from "./window-fixture.mjs";

const message = (text) => `//*[@role='log']//article[contains(., '${text}')]`;

describe("a guest", { skip }, () => {
  let fixture;
  let ada;
  let desktop;
  let office;
  const test = dependentCases();

  before(async () => {
    fixture = await WindowFixture.create();
    ({ desktop } = fixture);
    office = await fixture.serves("Office");
    ada = await fixture.opens();
    await ada.setsName("Ada");
    await ada.joinsNearby("Office");
  });
  after(() => fixture?.remove());

  test("the share panel has no address that only the host can open", async () => {
    await ada.clicks("Let others in");
    assert.equal(await ada.sharedAddress(), office.address);
    await ada.seesNoText("this computer");
    await ada.seesNoText("[fe80");
  });

  test("a copied selection of messages has their names and texts, and no button", async () => {
    for (const text of ["first line", "second line", "third line"]) await ada.says(text);
    await ada.seesSent("third line");
    fixture.posts(office.address, "a line of the bot");
    await ada.sees("a line of the bot");
    desktop.clicks(1, await ada.positionOf(`${message("first line")}//p`));
    desktop.presses("ctrl+a");
    let selected = "";
    await eventually("all messages are selected", async () => {
      selected = await ada.selectedText();
      return ["first line", "third line", "Bot", "a line of the bot"].every((text) => selected.includes(text));
    });
    for (const text of ["👍", "Write to", "Let others in", "Search"]) assert.ok(!selected.includes(text), selected);
  });

  test("one message at a time shows its actions", async () => {
    desktop.clicks(1, await ada.positionOf(`${message("second line")}//p`));
    await ada.seesActionsOnly("second line");
    desktop.points(await ada.positionOf(`${message("a line of the bot")}//p`));
    await ada.seesActionsOnly("a line of the bot");
    await desktop.takesScreenshot("window-message-actions");
  });

  test("a draft of many lines doesn't push the present off the screen", async () => {
    const lines = Array.from({ length: 60 }, (_, i) => `line ${i}`);
    fixture.posts(office.address, lines.join("\n"));
    await ada.sees("line 59");
    await ada.focusesDraft("Lobby");
    for (let line = 1; line <= 11; line++) {
      desktop.types(`draft ${line}`);
      desktop.presses("shift+Return");
    }
    await eventually("the draft", async () => (await ada.draft("Lobby")).split("\n").length === 12);
    await ada.seesNoButton("Jump to present");
    await desktop.takesScreenshot("window-long-draft");
    await ada.focusesDraft("Lobby");
    desktop.presses("ctrl+a", "BackSpace");
    await eventually("an empty composer", async () => (await ada.draft("Lobby")) === "");
    await ada.seesNoButton("Jump to present");
  });

  test("after the server was shut down its guests read so, and that nobody can join", async () => {
    await office.stop("SIGTERM");
    await ada.seesBanner("“Office” was shut down");
    await ada.seesText("Nobody can join at the moment");
    await desktop.takesScreenshot("window-shut-down");
  });

  test("a message that was written offline has its author, also after a restart", async () => {
    await ada.says("written offline");
    await ada.seesSending("written offline");
    await ada.quits();
    await ada.starts();
    await ada.seesSending("written offline");
    await desktop.takesScreenshot("window-offline");
    assert.equal(await ada.authorOf("written offline"), "Ada");
  });

  test("without a connection the lobby can't be left either", async () => {
    await ada.seesNoButton("Leave room");
  });

  test("the user's own message is never below the New line", async () => {
    office.start();
    await ada.seesSent("written offline");
    await ada.quits();
    await ada.starts();
    await ada.sees("written offline");
    await ada.seesNoText("New");
    await desktop.takesScreenshot("window-restarted");
  });
});
