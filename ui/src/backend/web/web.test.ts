/**
 * The browser's back end against a real server (`ICHAT_SERVER_BIN`), with IndexedDB, in tabs that are closed, reloaded and
 * duplicated:
 * - at the first visit a name is suggested, and the user stays invisible until they have chosen one
 * - a post is sent, received and acknowledged; the next visit is by the same person, who sees it
 * - a post written while the server restarts arrives once
 * - a reload keeps the outbox: its posts arrive once, in order, from the same device
 * - two tabs are one person with two devices, and see the same
 * - two tabs opened at once at the first visit are one person
 * - the posts of a closed tab are sent by the next tab that starts, or by one that is open
 * - a tab that slept so long that another has adopted its post: what is edited or withdrawn in it then follows the post
 * - a post that was written before a reload and never sent is gone when it is withdrawn
 * - a post that the server refuses for good is never sent again, also after a reload, and keeps its reason
 * - many rooms that are created in one tab at once are all listed in the other
 * - a name changed in one tab is shown by the other, and used from its next connection on
 * - a misleading name is refused before it is stored
 * - a browser that stores nothing works, and says so once
 * - a server below a path is joined there; another one at the same origin has another person's key and posts
 * - another server at the same address gets no posts that were written for the first
 */

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { newId } from "../../shared/ids";
import { Browser, stopTabs, type Tab } from "../../../tests/fixtures/browser";
import { eventually, guardMs, Server, serverUnavailable } from "../../../tests/foreign/server.mjs";

let server: Server;

describe.skipIf(serverUnavailable)("the browser's back end", { timeout: 2 * guardMs }, () => {
  beforeEach(async () => {
    server = await Server.launch();
  });

  afterEach(async () => {
    stopTabs();
    await server.remove();
  });

  test("at the first visit a name is suggested, and the user stays invisible until they have chosen one", async () => {
    const ada = await new Browser().opens(server.url);
    expect(ada.profile.first_run).toBe(true);
    expect(ada.profile.name).toMatch(/^[A-Z]\w+ [A-Z]\w+$/);
    await eventually("the server is known", () => ada.server);
    expect(ada.updates("connection")).toEqual([]);
    await ada.backend.setName("Ada");
    await ada.becomes("online");
    expect(ada.hello?.name).toBe("Ada");
    const again = await ada.reload();
    expect(again.profile).toMatchObject({ name: "Ada", first_run: false });
  });

  test("a post is sent, received and acknowledged; the next visit is by the same person", async () => {
    const browser = new Browser();
    const ada = await browser.joins(server.url, "Ada");
    const bob = await new Browser().joins(server.url, "Bob");
    await ada.says("hi");
    expect(ada.updates("outbox")[0]?.items[0]?.state.state).toBe("sending");
    const seen = await bob.sees("hi");
    expect(seen).toEqual(await ada.sees("hi"));
    expect(seen.author).toBe(ada.hello?.me);
    await ada.hasEmptyOutbox();
    ada.close();
    const again = await browser.opens(server.url);
    expect((await again.sees("hi")).author).toBe(again.hello?.me);
    expect(again.hello?.me).toBe(ada.hello?.me);
    expect(again.updates("outbox")).toEqual([]);
  });

  test("a post written while the server restarts arrives once", async () => {
    const ada = await new Browser().joins(server.url, "Ada");
    await ada.says("before");
    await ada.sees("before");
    await server.stop("SIGKILL");
    await ada.says("meanwhile 1");
    await ada.says("meanwhile 2");
    await ada.becomes("reconnecting");
    await server.start();
    await ada.sees("meanwhile 2");
    await ada.hasEmptyOutbox();
    const bob = await new Browser().joins(server.url, "Bob");
    await bob.sees("meanwhile 2");
    expect(bob.texts).toEqual(["before", "meanwhile 1", "meanwhile 2"]);
  });

  test("a reload keeps the outbox: its posts arrive once, in order, from the same device", async () => {
    const ada = await new Browser().joins(server.url, "Ada");
    await server.stop();
    await ada.becomes("reconnecting");
    for (const text of ["1", "2", "3"]) await ada.says(text);
    const second = await ada.reload();
    await second.says("4");
    const third = await second.reload();
    await eventually("all four are in the outbox", () => third.outbox.length === 4);
    await server.start();
    third.becomesVisible();
    await third.sees("4");
    await third.hasEmptyOutbox();
    const bob = await new Browser().joins(server.url, "Bob");
    await bob.sees("4");
    expect(bob.texts).toEqual(["1", "2", "3", "4"]);
    expect(new Set(bob.entries.filter(({ author }) => author === ada.hello?.me).map(({ device }) => device)).size).toBe(
      1,
    );
  });

  test("two tabs are one person with two devices, and see the same", async () => {
    const browser = new Browser();
    const first = await browser.joins(server.url, "Ada");
    const second = await browser.opens(server.url);
    await second.becomes("online");
    expect(second.hello?.me).toBe(first.hello?.me);
    expect(second.hello?.device).not.toBe(first.hello?.device);
    await first.says("from the first");
    await second.says("from the second");
    await Promise.all(
      [first, second].map((tab) => Promise.all([tab.sees("from the first"), tab.sees("from the second")])),
    );
    expect(first.texts).toEqual(second.texts);
    expect(second.updates("outbox").flatMap(({ items }) => items.map(({ body }) => body))).toEqual([
      { kind: "message", text: "from the second" },
    ]);
  });

  test("two tabs opened at once at the first visit are one person", async () => {
    const browser = new Browser();
    const [first, second] = await Promise.all([browser.opens(server.url), browser.opens(server.url)]);
    expect(first.profile.name).toBe(second.profile.name);
    expect(first.profile.device).not.toBe(second.profile.device);
    await first.backend.setName("Ada");
    await second.backend.setName("Ada");
    await Promise.all([first.becomes("online"), second.becomes("online")]);
    expect(first.hello?.me).toBe(second.hello?.me);
  });

  test("the posts of a closed tab are sent by the next tab that starts", async () => {
    const browser = new Browser();
    const ada = await browser.joins(server.url, "Ada");
    await server.stop();
    await ada.becomes("reconnecting");
    await ada.says("left behind");
    ada.close();
    await server.start();
    const next = await browser.opens(server.url);
    await next.sees("left behind");
    await next.hasEmptyOutbox();
  });

  test("the posts of a closed tab are sent by one that is open", async () => {
    const browser = new Browser();
    const first = await browser.joins(server.url, "Ada");
    const second = await browser.opens(server.url);
    await second.becomes("online");
    await server.stop();
    await first.becomes("reconnecting");
    await first.says("left behind");
    second.renewsLease();
    await second.says("its own");
    expect(second.outbox.map(({ body }) => body)).toEqual([{ kind: "message", text: "its own" }]);
    first.close();
    second.renewsLease();
    await eventually("the post is adopted", () => second.outbox.length === 2);
    await server.start();
    second.becomesVisible();
    await second.sees("left behind");
    await second.hasEmptyOutbox();
    expect(second.texts.sort()).toEqual(["its own", "left behind"]);
  });

  test("what is changed in a tab that slept follows the posts that another has adopted", async () => {
    const browser = new Browser();
    const slept = await browser.joins(server.url, "Ada");
    const other = await browser.opens(server.url);
    await other.becomes("online");
    await server.stop();
    await slept.becomes("reconnecting");
    for (const text of ["to be edited", "to be withdrawn", "to be sent"]) await slept.says(text);
    const [edited, withdrawn, unchanged] = slept.outbox.map(({ id }) => id);
    await browser.expiresLeases();
    other.renewsLease();
    await eventually("the posts are adopted", () => other.outbox.length === 3);
    await slept.posts({ kind: "edit", of: edited ?? "", text: "edited" });
    await slept.posts({ kind: "delete", of: withdrawn ?? "" });
    await server.start();
    slept.becomesVisible();
    other.becomesVisible();
    for (const tab of [slept, other]) await tab.hasEmptyOutbox();
    const bob = await new Browser().joins(server.url, "Bob");
    await bob.sees("to be sent");
    const shown = bob.entries.flatMap(({ id, body }) => {
      if (body.kind === "message") return [[id, body.text]];
      return body.kind === "edit" ? [[body.of, body.text]] : [];
    });
    expect(shown.sort()).toEqual(
      [
        [edited, "edited"],
        [edited, "to be edited"],
        [unchanged, "to be sent"],
      ].sort(),
    );
  });

  test("a post that was written before a reload and never sent is gone when it is withdrawn", async () => {
    const ada = await new Browser().joins(server.url, "Ada");
    await server.stop();
    await ada.becomes("reconnecting");
    await ada.says("never sent");
    const again = await ada.reload();
    await eventually("the outbox is loaded", () => again.outbox.length === 1);
    await again.posts({ kind: "delete", of: again.outbox[0]?.id ?? "" });
    expect(again.outbox).toEqual([]);
    await server.start();
    again.becomesVisible();
    await again.becomes("online");
    await again.says("sent");
    await again.sees("sent");
    expect(again.entries.map(({ body }) => body.kind)).not.toContain("wiped");
    expect(again.texts).toEqual(["sent"]);
  });

  test("a post that the server refuses for good is never sent again, also after a reload, and keeps its reason", async () => {
    const browser = new Browser();
    const ada = await browser.joins(server.url, "Ada");
    // The interface replaces halves of characters before it comes to this.
    await ada.says("half \ud83d");
    const isRefused = (tab: Tab) => () => tab.outbox.find(({ state }) => state.state === "failed");
    const refused = await eventually("the post is refused", isRefused(ada));
    expect(refused.state).toMatchObject({
      error: { code: "bad_request", message: expect.stringMatching(/half of a character/) },
    });
    const second = await browser.opens(server.url);
    await second.becomes("online");
    ada.close();
    second.renewsLease();
    const again = await ada.reload();
    await again.becomes("online");
    await again.says("whole");
    await again.sees("whole");
    expect(again.outbox).toEqual([refused]);
    expect(again.updates("refused")).toEqual([]);
    expect(second.outbox).toEqual([]);
  });

  test("many rooms that are created in one tab at once are all listed in the other", async () => {
    const browser = new Browser();
    const first = await browser.joins(server.url, "Ada");
    const second = await browser.joins(server.url, "Ada");
    const count = 20;
    for (let n = 1; n <= count; n++)
      void first.backend.command(first.server ?? "", { command: "create", room: newId(), name: `Room ${n}` });
    await eventually("all rooms are listed", () => second.updates("rooms").at(-1)?.rooms.length === count + 1);
  });

  test("a name changed in one tab is shown by the other, and used from its next connection on", async () => {
    const browser = new Browser();
    const first = await browser.joins(server.url, "Ada");
    const second = await browser.opens(server.url);
    await second.becomes("online");
    await second.backend.setName("Ada Lovelace");
    const shown = () => first.events.findLast((event) => event.event === "profile")?.name === "Ada Lovelace";
    await eventually("the first shows the new name", shown);
    await server.stop();
    await first.becomes("reconnecting");
    await server.start();
    first.becomesVisible();
    await eventually("the first is back", () => first.updates("hello").length === 2);
    expect(first.hello?.name).toBe("Ada Lovelace");
  });

  test("a misleading name is refused before it is stored", async () => {
    const ada = await new Browser().opens(server.url);
    await expect(ada.backend.setName("Ad\u202Ea")).rejects.toMatchObject({ code: "bad_request" });
    expect((await ada.reload()).profile.first_run).toBe(true);
  });

  test("a browser that stores nothing works, and says so once", async () => {
    const broken = { open: () => { throw new DOMException("not here", "SecurityError"); } }; // prettier-ignore
    const ada = await new Browser(broken as unknown as Browser["database"]).joins(server.url, "Ada");
    await ada.says("hi");
    await ada.says("hi again");
    await ada.sees("hi again");
    await ada.hasEmptyOutbox();
    const errors = ada.updates("refused");
    expect(errors.map(({ error }) => error.code)).toEqual(["storage"]);
    expect(errors[0]?.error.message).toMatch(/keep nothing/);
  });

  test("a server below a path is joined there, and is kept apart from another at the same origin", async () => {
    const below = await Server.launch("--base-path", "/chat/");
    const browser = new Browser();
    const ada = await browser.joins(`${below.url}/chat/`, "Ada");
    await ada.says("below a path");
    await ada.hasEmptyOutbox();
    const shown = ada.events.findLast((event) => event.event === "servers");
    expect(shown?.servers[0]?.addresses).toEqual([`${below.url}/chat/`]);
    expect((await ada.reload()).profile.name).toBe("Ada");
    // The database is the browser's own: that the ports differ doesn't matter to it.
    const other = await browser.joins(server.url, "Bob");
    expect(other.hello?.me).not.toBe(ada.hello?.me);
    expect((await browser.opens(server.url)).profile.name).toBe("Bob");
    await below.remove();
  });

  test("another server at the same address gets no posts that were written for the first", async () => {
    const ada = await new Browser().joins(server.url, "Ada");
    const first = ada.server;
    await server.stop();
    await ada.becomes("reconnecting");
    await ada.says("for the first");
    await server.remove();
    await server.start();
    ada.becomesVisible();
    await eventually("the other server is known", () => ada.server !== first);
    await ada.becomes("online");
    await ada.says("for the second");
    await ada.sees("for the second");
    const bob = await new Browser().joins(server.url, "Bob");
    await bob.sees("for the second");
    expect(bob.texts).toEqual(["for the second"]);
  });
});
