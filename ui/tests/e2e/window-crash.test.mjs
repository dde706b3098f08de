/**
 * The end of the process that draws the page, while the app hosts, on a desktop and a network of its own. No driver takes part:
 * it would end the app with the page. What is typed in the window is seen by Gus, who is connected from another computer.
 * - the page is loaded again, hosting goes on, and the window closes as before
 * - a page that crashes again and again is not loaded without end: a dialog offers to try again
 * - and to quit
 */

import { strict as assert } from "node:assert";
import { after, before, describe } from "node:test";
import { eventually } from "../foreign/server.mjs";
import { dependentCases } from "./cases.mjs";
import { isConnectedPage, pageProcesses } from "./programs.mjs";
import { WindowFixture, skip } from "./window-fixture.mjs";

const app = process.env.ICHAT_BIN;
/** The title of the dialog that needs no page. */
const gaveUp = "I-Chat can’t show its window";

describe("the page's process ends while hosting", { skip }, () => {
  let fixture;
  let desktop;
  let gus;
  let running;
  const test = dependentCases();

  before(async () => {
    fixture = await WindowFixture.create();
    ({ desktop } = fixture);
    const address = await fixture.hosts();
    gus = await fixture.joins(address);
    await fixture.ada.quits();
    running = fixture.runs(fixture.network.first, [app, "--data", fixture.ada.dataDir], desktop.env);
    await writes("before the crash");
  });
  after(() => fixture?.remove());

  /** Writes a message. A page that is being loaded takes no key, so its user types again. */
  async function writes(text) {
    await desktop.seesWindow();
    let polls = 0;
    await eventually(`Gus receives “${text}”`, () => {
      if (polls++ % 100 === 0) {
        desktop.types(text);
        desktop.presses("Return");
      }
      return gus.output.includes(text);
    });
  }

  /** Kills the process that draws the page. Not while it starts, upon which WebKit ends the app. */
  function crashPage() {
    for (const pid of pageProcesses(running.process.pid).filter(isConnectedPage)) process.kill(pid, "SIGKILL");
  }

  async function crashesUntilGivenUp() {
    await eventually("the app gives up", async () => {
      assert.equal(running.process.exitCode ?? running.process.signalCode, null, running.output);
      crashPage();
      return desktop.shows(gaveUp);
    });
  }

  test("the page is loaded again, and hosting goes on", async () => {
    crashPage();
    await writes("after the crash");
    await desktop.takesScreenshot("window-crashed");
  });

  test("a page that crashes again and again can be tried again", async () => {
    await crashesUntilGivenUp();
    await desktop.takesScreenshot("window-crashed-again");
    desktop.presses("Return");
    await writes("tried again");
  });

  test("or I-Chat quits", async () => {
    await crashesUntilGivenUp();
    desktop.presses("Tab", "Return");
    await running.ended;
    assert.equal(running.process.exitCode, 0);
  });
});
