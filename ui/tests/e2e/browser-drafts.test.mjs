/**
 * Drafts, which were written and not sent, in a real browser with a real server:
 * - a draft is the same in two tabs, survives a reload, and never returns after it was sent
 * - a draft is marked in the list of rooms
 * - a draft whose sending the browser has forgotten is dropped
 */

import { test } from "node:test";
import { serverUnavailable } from "../foreign/server.mjs";
import { browserUnavailable } from "./chat-page.mjs";
import { usePages } from "./pages.mjs";
import { skipReason } from "./skip.mjs";

const skip = skipReason(serverUnavailable, browserUnavailable);
const pages = usePages(skip);

test("a draft is the same in two tabs, and never returns after it was sent", { skip }, async () => {
  const ada = await pages.open("Ada");
  const first = ada.page;
  await ada.opensTab(pages.server.url);
  const second = ada.page;
  await ada.composer.waitFor();
  await ada.types("from the second");
  ada.page = first;
  await ada.seesDraft("from the second");
  await ada.composer.fill("from the first");
  ada.page = second;
  await ada.seesDraft("from the first");
  await ada.reloads();
  await ada.seesDraft("from the first");
  await ada.composer.press("Enter");
  await ada.seesSent("from the first");
  ada.page = first;
  await ada.seesDraft("");
  await ada.reloads();
  await ada.sees("from the first");
  await ada.seesDraft("");
});

test("a draft is marked in the list of rooms", { skip }, async () => {
  const ada = await pages.open("Ada");
  await ada.types("not finished");
  await ada.createsRoom("Draft room");
  await ada.room("Lobby").getByText("Draft", { exact: true }).waitFor();
  await ada.opensRoom("Lobby");
  await ada.seesDraft("not finished");
  await ada.composer.press("Enter");
  await ada.opensRoom("Draft room");
  await ada.room("Lobby").getByText("Draft", { exact: true }).waitFor({ state: "detached" });
});

test("a draft whose sending the browser has forgotten is dropped", { skip }, async () => {
  const ada = await pages.open("Ada");
  const stored = () =>
    ada.page.evaluate(() => Object.entries({ ...localStorage }).filter(([key]) => key.startsWith("draft ")));
  await ada.types("sent before the cra");
  const beforeTheCrash = await stored();
  await ada.types("sh");
  await ada.composer.press("Enter");
  await ada.seesSent("sent before the crash");
  // Browsers write this storage some seconds later. A crash in between leaves the old state.
  await ada.page.evaluate(
    (entries) => entries.forEach(([key, value]) => localStorage.setItem(key, value)),
    beforeTheCrash,
  );
  await ada.reloads();
  await ada.sees("sent before the crash");
  await ada.seesDraft("");
});
