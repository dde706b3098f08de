/**
 * The page of a server below a path (`--base-path`), in a real browser with a real server:
 * - the page loads all its parts, a person joins, posts, and shares an address and a link that have the path
 * - two servers at one origin keep their people, drafts and settings apart
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Server, serverUnavailable } from "../foreign/server.mjs";
import { browserUnavailable } from "./chat-page.mjs";
import { usePages } from "./pages.mjs";
import { skipReason } from "./skip.mjs";

const skip = skipReason(serverUnavailable, browserUnavailable);
const pages = usePages(skip);

test("a person joins, posts and shares below a path", { skip }, async (t) => {
  const server = await Server.launch("--base-path", "/chat/");
  t.after(() => server.remove());
  const ada = await pages.open(undefined, { url: `${server.url}/chat` });
  const failed = [];
  ada.page.on("response", (response) => response.ok() || failed.push(response.url()));
  await ada.joinsAs("Ada");
  assert.equal(new URL(ada.page.url()).pathname, "/chat/");
  await ada.says("below a path");
  await ada.seesSent("below a path");
  await ada.createsRoom("Lunch");
  await ada.reloads();
  await ada.seesRoom("Lunch");
  const url = new URL(ada.page.url());
  assert.match(`${url.pathname}${url.hash}`, /^\/chat\/#\/room\//);
  await ada.page.getByRole("button", { name: "Let others in" }).first().click();
  await ada.page.getByText(`127.0.0.1:${server.port}/chat`, { exact: true }).waitFor();
  assert.deepEqual(failed, []);
});

test("two servers at one origin keep their people and drafts apart", { skip }, async (t) => {
  const chat = await Server.launch("--base-path", "/chat/");
  t.after(() => chat.remove());
  const user = await pages.open("Ada", { url: `${chat.url}/chat/` });
  await user.types("to be continued");
  await user.closesTab();
  await chat.stop();
  const other = await Server.launchAt(chat.port, "--base-path", "/other/");
  t.after(() => other.remove());
  await user.opensTab(`${other.url}/other/`);
  await user.joinsAs("Ben");
  await user.seesDraft("");
  await user.says("as Ben");
  await user.seesSent("as Ben");
  await user.closesTab();
  await other.stop();
  await chat.start();
  await user.opensTab(`${chat.url}/chat/`);
  await user.composer.waitFor();
  await user.seesDraft("to be continued");
  await user.composer.press("Enter");
  await user.seesSent("to be continued");
  await user.page.getByRole("button", { name: "Settings" }).click();
  assert.equal(await user.page.getByRole("dialog", { name: "Settings" }).getByRole("textbox").inputValue(), "Ada");
});
