/**
 * Trouble that the app survives, on a desktop and a network of its own:
 * - a silent program has taken the port: the app hosts on another, and is connected to itself
 * - a start without a network: the app hosts, and shows the address of the network once there is one
 * - a start in a dark theme is never white
 * - a data folder that can't be made is explained in the window, and the log has no colours where there is no terminal
 * - no display is explained on the terminal
 */

import { strict as assert } from "node:assert";
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { after, afterEach, before, describe, test } from "node:test";
import { eventually } from "../foreign/server.mjs";
import { WindowFixture, skip } from "./window-fixture.mjs";

const app = process.env.ICHAT_BIN;

/** A program that accepts connections on the default port, and says nothing. */
const silentServer = `require("node:net").createServer(() => {}).listen(4242, "::", () => console.log("listening"));`;

describe("trouble", { skip }, () => {
  let fixture;
  let desktop;
  let network;

  before(async () => {
    fixture = await WindowFixture.create();
    ({ desktop, network } = fixture);
  });
  after(() => fixture?.remove());
  afterEach(async () => {
    await fixture?.ada?.remove();
    await fixture?.endsPrograms();
  });

  test("a silent program has taken the port", async () => {
    const address = await fixture.hosts();
    const { ada } = fixture;
    await ada.quits();
    const silent = fixture.runs(network.first, [process.execPath, "-e", silentServer]);
    await eventually("the port is taken", () => silent.output.includes("listening"));
    await ada.starts();
    await ada.seesRoom("Lobby");
    await ada.says("on another port");
    await ada.seesSent("on another port");
    await ada.clicks("Let others in");
    const other = await ada.sharedAddress();
    assert.notEqual(other, address);
    await fixture.joins(other);
  });

  test("a start without a network", async () => {
    network.disconnect();
    await fixture.opens();
    const { ada } = fixture;
    await ada.setsName("Ada");
    await ada.hosts();
    await ada.seesText("This address works on this computer only");
    network.connect();
    await eventually("the address on the network", async () =>
      (await ada.sharedAddress()).startsWith(network.first.address),
    );
    await fixture.joins(await ada.sharedAddress());
  });

  test("a start in a dark theme is never white", async () => {
    // Within the window, which the window manager places in the middle, and beside all texts.
    const colours = await desktop.watchesPixel(330, 800);
    await fixture.opens({ GTK_THEME: "Adwaita:dark" });
    await fixture.ada.seesText("Your name");
    const seen = await colours();
    assert.equal(seen.at(-1), "#1a2120", `the page is dark: ${seen.join()}`);
    assert.ok(!seen.includes("#ffffff"), seen.join());
  });

  test("a data folder that can't be made is explained in the window", async () => {
    // No driver reaches this window, because its page stores nothing.
    const started = fixture.runs(network.first, [app, "--data", "/dev/null/ichat"], desktop.env);
    await eventually("the log", () => started.output.includes("can't start"));
    await desktop.seesWindow();
    await desktop.seesPage();
    await desktop.takesScreenshot("window-no-data-folder");
    desktop.closesWindow();
    await started.ended;
    assert.equal(started.process.exitCode, 1);
    assert.doesNotMatch(started.output, /panicked/);
    assert.ok(!started.output.includes("\u001b["), "the log has no colours");
  });

  test("no display is explained on the terminal", () => {
    const env = { PATH: process.env.PATH, HOME: tmpdir() };
    const { status, stderr } = spawnSync(app, [], { env, encoding: "utf8" });
    assert.equal(status, 1);
    assert.match(stderr, /there is no display/);
    assert.doesNotMatch(stderr, /panicked|backtrace|\.rs/);
  });
});
