/**
 * The page around the chat, in a real browser with a real server:
 * - a browser whose storage is silent, blocked or full works from memory and says so once
 * - at the address of a missing room, everything is loaded before the host goes
 * - where the code of the room can't be loaded, the page says so, and loads it on request
 * - a new day begins at midnight, and by the server's clock
 * - a notice covers neither the day, nor the newest message, nor the composer, and the composer's hint is one line
 */

import { strict as assert } from "node:assert";
import { test } from "node:test";
import { serverUnavailable } from "../foreign/server.mjs";
import { browserUnavailable } from "./chat-page.mjs";
import { usePages } from "./pages.mjs";
import { skipReason } from "./skip.mjs";
import { ToastLog } from "./toast-log.mjs";

const skip = skipReason(serverUnavailable, browserUnavailable);
const pages = usePages(skip);

for (const [kind, breakStorage, notice] of [
  ["silent", () => (IDBRequest.prototype.addEventListener = () => undefined), /doesn’t answer/],
  [
    "blocked",
    () => {
      const refuse = () => {
        throw new DOMException("blocked", "SecurityError");
      };
      for (const name of ["indexedDB", "localStorage", "sessionStorage"])
        Object.defineProperty(window, name, { get: refuse });
    },
    /keep nothing|storage is full/,
  ],
  [
    "full",
    () => {
      Storage.prototype.setItem = () => {
        throw new DOMException("full", "QuotaExceededError");
      };
      IDBObjectStore.prototype.put = () => {
        throw new DOMException("full", "QuotaExceededError");
      };
    },
    /storage is full/,
  ],
]) {
  test(`a browser whose storage is ${kind} works from memory and says so once`, { skip }, async () => {
    const ada = await pages.open();
    await ada.page.addInitScript(breakStorage);
    const toasts = await ToastLog.of(ada.page);
    await ada.page.reload();
    await ada.joinsAs("Ada");
    await ada.types("from memory");
    await ada.createsRoom(`Memory ${kind}`);
    await ada.opensRoom("Lobby");
    await ada.seesDraft("from memory");
    await ada.composer.press("Enter");
    await ada.seesSent("from memory");
    await toasts.sees(notice);
    await ada.says("and once more");
    await ada.seesSent("and once more");
    assert.equal(toasts.all(/keep nothing|storage is full|doesn’t answer/).length, 1);
  });
}

test("at the address of a missing room, everything is loaded before the host goes", { skip }, async () => {
  const { page } = await pages.open("Ada");
  await page.evaluate(() => (location.hash = "#/room/0192f3c0-0000-7000-8000-000000000000"));
  // Nothing comes from the browser's cache where requests are intercepted.
  await page.route(/assets/, (route) => route.continue());
  const parts = ["Overlays", "link-rules", "lookalikes"];
  const loaded = Promise.all(parts.map((part) => page.waitForResponse((response) => response.url().includes(part))));
  await page.reload();
  await page.getByRole("status").filter({ hasText: "There is no room at this address" }).waitFor();
  await loaded;
  await page.context().setOffline(true);
  await page.getByRole("button", { name: "Settings" }).click();
  await page.getByRole("dialog", { name: "Settings" }).waitFor();
});

test("where the code of the room can't be loaded, the page says so, and loads it on request", { skip }, async () => {
  const ada = await pages.open("Ada");
  await ada.page.route(/RoomView.*js/, (route) => route.abort());
  await ada.page.reload();
  await ada.page.getByRole("status").filter({ hasText: "can’t be loaded" }).waitFor();
  await ada.page.getByRole("heading", { name: "Lobby" }).waitFor();
  await ada.page.unroute(/RoomView.*js/);
  await ada.page.getByRole("button", { name: "Retry" }).click();
  await ada.composer.waitFor();
  await ada.seesFocusInComposer();
});

test("a new day begins at midnight, and by the server's clock", { skip }, async () => {
  const ada = await pages.open("Ada");
  await ada.says("said today");
  await ada.seesSent("said today");
  const day = (name) => ada.timeline.getByRole("button", { name: `${name}: jump to a date` });
  await day("Today").waitFor();
  const tomorrow = Date.now() + 86_400_000;
  await ada.page.clock.setSystemTime(tomorrow);
  await ada.page.evaluate(() => dispatchEvent(new Event("focus")));
  await day("Yesterday").waitFor();

  // This computer's clock is wrong from the beginning.
  const ben = await pages.open();
  await ben.page.clock.setSystemTime(tomorrow + 86_400_000);
  await ben.joinsAs("Ben");
  await ben.says("said by a wrong clock");
  await ben.seesSent("said by a wrong clock");
  await ben.timeline.getByRole("button", { name: "Today: jump to a date" }).waitFor();
  assert.equal(await ben.timeline.getByRole("button", { name: /: jump to a date$/ }).count(), 1);
});

for (const [width, height] of [
  [360, 720],
  [1280, 800],
]) {
  test(
    `a notice covers neither the day, nor the newest message, nor the composer, ${width} px wide`,
    { skip },
    async () => {
      const ada = await pages.open("Ada", { width, height });
      for (let i = 1; i <= 30; i++) await ada.says(`line ${i}`);
      await ada.seesSent("line 30");
      const toasts = await ToastLog.of(ada.page);
      await ada.timeline.evaluate((log) => {
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File(["x"], "holiday.png", { type: "image/png" }));
        log.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
      });
      const { box: notice } = await toasts.sees(/^Files can’t be sent yet/);
      const newest = await ada.message("line 30").last().boundingBox();
      assert.ok(notice.y + notice.height < newest.y, JSON.stringify({ notice, newest }));
      const day = await ada.timeline.getByRole("button", { name: "Today: jump to a date" }).boundingBox();
      assert.ok(notice.y >= day.y + day.height, JSON.stringify({ notice, day }));

      const fieldHeight = () => ada.composer.evaluate((field) => field.clientHeight);
      const short = await fieldHeight();
      if (width < 600) await ada.page.getByRole("button", { name: "Show servers and rooms" }).tap();
      await ada.createsRoom("A room with a name that is too long for a phone");
      assert.equal(await fieldHeight(), short);
    },
  );
}
