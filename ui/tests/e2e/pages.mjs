/** The browser, the server and the open pages of a test file. */

import { after, afterEach, before } from "node:test";
import { Server } from "../foreign/server.mjs";
import { ChatPage, openBrowser } from "./chat-page.mjs";

/**
 * Opens a browser and starts a server for the tests of a file, and closes a test's pages after it.
 *
 * @param {false | string} skip the reason to skip the tests
 * @param {(server: Server) => Promise<void>} [prepare] prepares the server for all tests
 */
export function usePages(skip, prepare) {
  const opened = [];
  const pages = {
    browser: undefined,
    server: undefined,
    /** Opens a page, where a user joins if there is a name. The page is another server's if there is a `url`. */
    async open(name, { url = pages.server.url, ...options } = {}) {
      const chat = await ChatPage.open(pages.browser, url, { name, ...options });
      opened.push(chat);
      return chat;
    },
  };
  before(async () => {
    if (skip) return;
    [pages.browser, pages.server] = await Promise.all([openBrowser(), Server.launch("--name", "Office")]);
    await prepare?.(pages.server);
  });
  afterEach(async () => {
    pages.server?.clearDisk();
    for (const chat of opened.splice(0)) await chat.close();
  });
  after(async () => {
    await pages.browser?.close();
    await pages.server?.remove();
  });
  return pages;
}
