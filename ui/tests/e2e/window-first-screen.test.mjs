/**
 * The first screen of the app, on a desktop and a network of its own. The cases use one window.
 * - hosting with an empty name says what is missing, and goes to the field
 * - a server that is found, and an error, move no button
 * - Ctrl+A outside a text selects no button and no label
 */

import { strict as assert } from "node:assert";
import { after, before, describe } from "node:test";
import { dependentCases } from "./cases.mjs";
import { WindowFixture, skip } from "./window-fixture.mjs";

const host = "Host on this network";

describe("the first screen", { skip }, () => {
  let fixture;
  let ada;
  let desktop;
  const test = dependentCases();

  before(async () => {
    fixture = await WindowFixture.create();
    ({ desktop } = fixture);
    ada = await fixture.opens();
  });
  after(() => fixture?.remove());

  test("hosting with an empty name says what is missing, and goes to the field", async () => {
    await ada.setsName(" ");
    await ada.clicks(host);
    await ada.seesText("at least one visible character");
    assert.equal(await ada.focusedLabel(), "Your name");
    await ada.setsName("Ada");
    await ada.seesNoText("at least one visible character");
  });

  test("a server that is found, and an error, move no button", async () => {
    await ada.seesText("Looking around");
    const place = await ada.placeOfButton(host);
    await ada.seesText("Nobody is hosting here yet");
    assert.deepEqual(await ada.placeOfButton(host), place, "after the search");
    await fixture.serves("Office");
    await ada.seesNearby("Office");
    assert.deepEqual(await ada.placeOfButton(host), place, "beside a server");
    await ada.triesAddress("10.78.0.2:9");
    await ada.seesText("10.78.0.2:9");
    assert.deepEqual(await ada.placeOfButton(host), place, "beside an error");
    await desktop.takesScreenshot("window-first-screen");
  });

  test("Ctrl+A outside a text selects no button and no label", async () => {
    desktop.clicks(1, { x: 20, y: 400 });
    desktop.presses("ctrl+a");
    const selected = await ada.selectedText();
    for (const label of [host, "Your name", "Nearby", "Office"]) assert.ok(!selected.includes(label), selected);
  });
});
