/**
 * Messages that wait to be sent, in a real browser with a real server that can't be reached for a while:
 * - by keyboard: ↑ edits the newest one at its place, and Delete withdraws one into the composer; others see only the result
 * - by mouse: they can be copied, changed and withdrawn; with another draft, the page asks first
 * - by finger: a tap opens their actions
 * - one that may have been sent is deleted for everybody when the connection is back
 * - with a full storage they keep their last text and their order through a reload, and the browser asks before it
 * - the text of an edit goes back to the composer when its message is deleted elsewhere meanwhile
 * - one that is being corrected waits for its correction, and is sent as it is when the user cancels that
 * - a correction goes on after its page has ended
 */

import { strict as assert } from "node:assert";
import { test } from "node:test";
import { eventually, serverUnavailable } from "../foreign/server.mjs";
import { assertMessages, browserUnavailable } from "./chat-page.mjs";
import { Link } from "./link.mjs";
import { usePages } from "./pages.mjs";
import { skipReason } from "./skip.mjs";
import { ToastLog } from "./toast-log.mjs";

const skip = skipReason(serverUnavailable, browserUnavailable);
const pages = usePages(skip);

/** Opens Ada's page with a connection that the test can cut, and Ben's. */
async function openBoth(t, options) {
  const link = await Link.to(pages.server.port);
  t.after(() => link.close());
  const ben = await pages.open("Ben");
  const ada = await pages.open("Ada", { url: link.url, ...options });
  const goOffline = async () => {
    link.cut();
    await ada.seesBanner("Not connected");
  };
  const goOnline = async () => {
    link.restore();
    await ada.seesNoBanner();
  };
  return { ada, ben, link, goOffline, goOnline };
}

const isGone = (chat, text) => chat.message(text).first().waitFor({ state: "detached" });

test("by keyboard, a waiting message is changed and withdrawn", { skip }, async (t) => {
  const { ada, ben, goOffline, goOnline } = await openBoth(t);
  await ada.says("key 0");
  await ada.seesSent("key 0");
  await goOffline();
  for (const text of ["key one", "key two", "key three"]) await ada.says(text);
  await ada.composer.press("ArrowUp");
  await ada.seesDraft("key three");
  await ada.composer.fill("key 3");
  await ada.composer.press("Enter");
  await isGone(ada, "key three");
  await ada.seesSending("key 3");
  await ada.seesDraft("");

  await ada.message("key two").focus();
  await ada.page.keyboard.press("Delete");
  await isGone(ada, "key two");
  await ada.seesDraft("key two");
  await ada.composer.fill("key 2");
  await ada.composer.press("Enter");
  await goOnline();
  const expected = ["key 0", "key one", "key 3", "key 2"];
  await ada.seesSent("key 2");
  await assertMessages(ben, /^key/, expected);
  await assertMessages(ada, /^key/, expected);
});

test("by mouse, a waiting message is copied, changed and withdrawn", { skip }, async (t) => {
  const { ada, ben, goOffline, goOnline } = await openBoth(t);
  await ada.page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await goOffline();
  await ada.says("mouse one");
  await ada.says("mouse two");
  await ada.types("something else");
  const action = (text, name) => ada.message(text).getByRole("button", { name, exact: true });
  await ada.message("mouse two").hover();
  for (const name of ["Reply", "React", "Delete"]) assert.equal(await action("mouse two", name).count(), 0, name);
  await ada.page.mouse.move(0, 0);
  await ada.message("mouse two").hover();
  await action("mouse two", "More actions").click();
  const menu = ada.page.getByRole("dialog", { name: "Message actions" });
  assert.deepEqual((await menu.getByRole("button").allInnerTexts()).map((text) => text.split("\n")[0].trim()).sort(), [
    "Copy text",
    "Edit",
    "Withdraw",
  ]);
  const toasts = await ToastLog.of(ada.page);
  await menu.getByRole("button", { name: "Copy text" }).click();
  await toasts.sees(/^Copied/);
  assert.equal(await ada.page.evaluate(() => navigator.clipboard.readText()), "mouse two");

  // The other text would be lost, so the page asks.
  await ada.message("mouse one").hover();
  await action("mouse one", "Withdraw").click();
  await ada.page
    .getByRole("dialog", { name: "Withdraw this message?" })
    .getByRole("button", { name: "Withdraw" })
    .click();
  await isGone(ada, "mouse one");
  await ada.seesDraft("something else");
  await ada.message("mouse two").hover();
  await action("mouse two", "Edit").click();
  await ada.seesDraft("mouse two");
  await ada.composer.fill("mouse 2");
  await ada.composer.press("Enter");
  await ada.seesDraft("something else");
  await goOnline();
  await ada.seesSent("mouse 2");
  await assertMessages(ben, /^mouse/, ["mouse 2"]);
});

test("by finger, a tap opens the actions of a waiting message", { skip }, async (t) => {
  const { ada, ben, goOffline, goOnline } = await openBoth(t, { width: 360, height: 720 });
  await goOffline();
  await ada.says("finger one");
  await ada.says("finger two");
  const menu = ada.page.getByRole("dialog", { name: "Message actions" });
  await ada.message("finger one").getByText("finger one").tap();
  await menu.getByRole("button", { name: "Withdraw" }).tap();
  await isGone(ada, "finger one");
  await ada.seesDraft("finger one");
  await ada.composer.fill("");
  await ada.message("finger two").getByText("finger two").tap();
  await ada.takesScreenshot("waiting-actions");
  await menu.getByRole("button", { name: "Edit" }).tap();
  await ada.seesDraft("finger two");
  await ada.composer.fill("finger 2");
  await ada.page.getByRole("button", { name: "Save", exact: true }).tap();
  await goOnline();
  await ada.seesSent("finger 2");
  await assertMessages(ben, /^finger/, ["finger 2"]);
});

test("a withdrawn message that may have been sent is deleted for everybody", { skip }, async (t) => {
  const { ada, ben, link, goOffline, goOnline } = await openBoth(t);
  await ada.says("before the break");
  await ada.seesSent("before the break");
  link.freeze();
  await ada.says("on its way");
  await ada.seesSending("on its way");
  await goOffline();
  await ada.message("on its way").focus();
  await ada.page.keyboard.press("Backspace");
  await ada.seesDraft("on its way");
  await ada.sees("Message deleted");
  await goOnline();
  await ben.sees("Message deleted");
  assert.equal(await ben.message("on its way").count(), 0);
  await eventually("nothing waits any more", async () => (await ada.page.getByText("sending").count()) === 0);
});

test("a waiting message is not sent while it is corrected", { skip }, async (t) => {
  const { ada, ben, goOffline, goOnline } = await openBoth(t);
  await goOffline();
  await ada.says("half an idea");
  await ada.composer.press("ArrowUp");
  await ada.seesDraft("half an idea");
  await ada.composer.fill("a whole idea");
  await goOnline();
  await ben.says("what is your idea?");
  await ada.sees("what is your idea?");
  await assertMessages(ben, /idea/, ["what is your idea?"]);
  await ada.composer.press("Enter");
  await ada.seesSent("a whole idea");
  await assertMessages(ben, /idea/, ["what is your idea?", "a whole idea"]);
  assert.equal(await ben.message("a whole idea").getByText("(edited)").count(), 0);

  await goOffline();
  await ada.says("good as it is");
  await ada.composer.press("ArrowUp");
  await ada.seesDraft("good as it is");
  await goOnline();
  await ben.says("and now?");
  await ada.sees("and now?");
  // Not because the time for the edit is over: from here on a few seconds pass, for what the page does a moment later.
  await ada.pausesClock();
  await ada.composer.press("Escape");
  for (let ms = 0; ms < 5_000; ms += 50) await ada.page.clock.runFor(50);
  await ben.sees("good as it is");
});

test("an edit of a waiting message goes on after its page has ended", { skip }, async (t) => {
  const { ada, ben, goOffline, goOnline } = await openBoth(t);
  await goOffline();
  await ada.says("half a thought");
  await ada.composer.press("ArrowUp");
  await ada.seesDraft("half a thought");
  await ada.composer.fill("a whole thought");
  await goOnline();
  await ada.reloads();
  await ada.seesDraft("a whole thought");
  await ada.composer.press("Enter");
  await ben.sees("a whole thought");
  await ada.seesSent("a whole thought");
  assert.equal((await ada.messages(/thought/)).length, 1);
});

test("with a full storage, waiting messages survive a reload as they were", { skip }, async (t) => {
  const { ada, ben, link, goOffline, goOnline } = await openBoth(t);
  await goOffline();
  await ada.says("full one");
  await ada.page.evaluate(() => {
    const refuse = () => {
      throw new DOMException("full", "QuotaExceededError");
    };
    IDBObjectStore.prototype.put = refuse;
    IDBCursor.prototype.update = refuse;
  });
  await ada.composer.press("ArrowUp");
  await ada.seesDraft("full one");
  await ada.composer.fill("full 1");
  await ada.composer.press("Enter");
  await ada.says("full 2");
  await ada.seesSending("full 2");
  const asked = [];
  ada.page.on("dialog", (dialog) => {
    asked.push(dialog.type());
    void dialog.accept();
  });
  // The page comes past the cut link.
  const isPage = (url) => url.origin === link.url && !/^\/(?:api|socket\.io)\//.test(url.pathname);
  await ada.page.route(isPage, async (route) => {
    const url = route.request().url().replace(link.url, pages.server.url);
    await route.fulfill({ response: await ada.page.request.get(url) });
  });
  await ada.page.reload();
  assert.deepEqual(asked, ["beforeunload"]);
  await ada.page.unroute(isPage);
  await goOnline();
  await ada.seesSent("full 2");
  await assertMessages(ben, /^full/, ["full 1", "full 2"]);
  await ada.reloads();
  assert.deepEqual(asked, ["beforeunload"]);
});

test("the text of an edit goes back to the composer when its message is deleted meanwhile", { skip }, async () => {
  const ada = await pages.open("Ada");
  const toasts = await ToastLog.of(ada.page);
  await ada.says("deleted meanwhile");
  await ada.seesSent("deleted meanwhile");
  await ada.composer.press("ArrowUp");
  await ada.seesDraft("deleted meanwhile");
  await ada.composer.fill("changed meanwhile");
  const first = ada.page;
  // A tab that shares no drafts, as another device of hers.
  ada.page = await first.context().newPage();
  await ada.page.addInitScript(() => {
    Storage.prototype.getItem = () => null;
    Storage.prototype.setItem = () => undefined;
  });
  await ada.page.goto(pages.server.url);
  await ada.message("deleted meanwhile").focus();
  await ada.page.keyboard.press("Delete");
  await ada.page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  ada.page = first;
  await toasts.sees(/was deleted before your change/);
  await ada.seesDraft("changed meanwhile");
  await ada.composer.press("Enter");
  await ada.seesSent("changed meanwhile");
});
