/**
 * Accessibility of the page: axe-core finds no violation, in both colour schemes, on a desktop and on a phone:
 * - the first visit
 * - a room with all kinds of messages, and a message with its actions
 * - a phone: the room, the list of rooms, and nothing wider than the screen
 * - the side panels
 * - the quick switcher and the list of people
 * - every dialog
 */

import { strict as assert } from "node:assert";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { after, before, describe, test } from "node:test";
import { Member } from "../foreign/member.mjs";
import { Server, eventually, serverUnavailable } from "../foreign/server.mjs";
import { ChatPage, browserUnavailable, openBrowser } from "./chat-page.mjs";
import { skipReason } from "./skip.mjs";

const skip = skipReason(serverUnavailable, browserUnavailable);
const axe = skip ? "" : await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const schemes = { dark: ["Ada", "Tim"], light: ["Mia", "Zoë"] };

const conversation = [
  ["Lea", "Morning! Is the projector in room 4 free at ten?"],
  ["Sam", "It is. Switch it on *twice*, the first time it only warms up."],
  ["Lea", "Thanks. I put the numbers for **March** beside the old ones:\n\n- visitors: 1,204\n- returning: 418"],
  ["Noor", "مرحبا، أنا في الطريق"],
  ["Sam", "For the demo, one line is enough:\n\n```sh\ncurl -s http://192.168.1.7:4242/api/hello\n```"],
  ["Noor", "I'll be there in ten minutes 🎉\nKeep me a seat, @Lea."],
];

/** Fills the lobby with a conversation. */
async function fillLobby(server) {
  const members = new Map();
  for (const [name, text] of conversation) {
    if (!members.has(name)) members.set(name, await Member.connect(server.url, { auth: { name } }));
    const { id } = await members.get(name).says(text);
    const sam = members.get("Sam");
    if (name === "Noor") await sam.request("post", { room: sam.lobby, id: crypto.randomUUID(), body: react(id) });
  }
}

const react = (to) => ({ kind: "react", to, emoji: "👍", on: true });

async function assertAccessible(chat, state) {
  // Elements that fade in don't have their final colours yet.
  await chat.page.evaluate(() => Promise.allSettled(document.getAnimations().map((animation) => animation.finished)));
  await chat.page.evaluate(axe);
  const { violations } = await chat.page.evaluate(() => globalThis.axe.run({ resultTypes: ["violations"] }));
  const found = violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ html, any }) => `${id}: ${help}\n  ${html}\n  ${any.map(({ message }) => message).join("; ")}`),
  );
  assert.equal(found.length, 0, `${state}:\n${found.join("\n")}`);
}

for (const [scheme, [desktopName, phoneName]] of Object.entries(schemes)) {
  describe(scheme, { skip }, () => {
    let browser;
    let server;

    before(async () => {
      [browser, server] = await Promise.all([openBrowser(), Server.launch("--name", "Office")]);
      await fillLobby(server);
    });
    after(async () => {
      await browser?.close();
      await server?.remove();
    });

    test("the first visit", async () => {
      const chat = await ChatPage.open(browser, server.url, { scheme });
      await chat.page.getByLabel("Your name").fill(desktopName);
      await assertAccessible(chat, "the first visit");
      await chat.takesScreenshot(`browser-first-visit-${scheme}`);
      await chat.close();
    });

    test("a room", async () => {
      const chat = await ChatPage.open(browser, server.url, { scheme, name: desktopName });
      await chat.sees("Keep me a seat");
      await chat.says("Two seats are left.");
      await chat.seesSent("Two seats are left.");
      await assertAccessible(chat, "a room");
      await chat.takesScreenshot(scheme === "dark" ? "talk" : "browser-room-light");
      await chat.message("Two seats are left.").last().hover();
      await chat.page.getByRole("toolbar", { name: "Message actions" }).waitFor();
      await assertAccessible(chat, "a message with its actions");
      await chat.page.getByRole("button", { name: "React", exact: true }).click();
      await chat.page.getByRole("dialog").waitFor();
      await assertAccessible(chat, "choosing a reaction");
      await chat.close();
    });

    test("a phone", async () => {
      const chat = await ChatPage.open(browser, server.url, { scheme, name: phoneName, width: 360, height: 720 });
      await chat.sees("Keep me a seat");
      await chat.says("On my way, too.");
      await chat.seesSent("On my way, too.");
      await assertAccessible(chat, "a phone");
      assert.equal(
        await chat.page.evaluate(() => document.documentElement.scrollWidth),
        360,
        "the page is as wide as the screen",
      );
      await chat.takesScreenshot(scheme === "dark" ? "browser-phone-dark" : "phone");
      await chat.page.getByRole("button", { name: "Servers and rooms" }).click();
      await chat.room("Lobby").waitFor();
      await assertAccessible(chat, "the list of rooms on a phone");
      await chat.takesScreenshot(`browser-phone-rooms-${scheme}`);
      await chat.close();
    });

    test("the side panels", async () => {
      const chat = await ChatPage.open(browser, server.url, { scheme, name: desktopName });
      for (const [button, title] of [
        ["People", "People"],
        ["Let others in", "Let others in"],
      ]) {
        await chat.page.getByRole("button", { name: button }).click();
        await chat.page.getByRole("complementary", { name: title }).waitFor();
        await assertAccessible(chat, title);
        await chat.takesScreenshot(`browser-${title.toLowerCase().replaceAll(" ", "-")}-${scheme}`);
      }
      await chat.close();
    });

    test("the quick switcher and the list of people", async () => {
      const chat = await ChatPage.open(browser, server.url, { scheme, name: desktopName });
      const { page } = chat;
      await page.keyboard.press("Control+k");
      await page.getByRole("combobox").fill("@");
      await page.getByRole("option", { name: "Noor" }).waitFor();
      await assertAccessible(chat, "the people in the switcher");
      await page.getByRole("combobox").fill("@sa");
      await page.getByRole("option", { name: "Noor" }).waitFor({ state: "detached" });
      await page.keyboard.press("Enter");
      await eventually("a message to the person is begun", 10_000, async () =>
        (await chat.composer.inputValue()).startsWith("@Sam"),
      );
      await page.keyboard.press("Control+.");
      const people = page.getByRole("complementary", { name: "People" });
      await people.getByText("Sam").first().waitFor();
      await assertAccessible(chat, "the list of people");
      await chat.close();
    });

    test("every dialog", async () => {
      const chat = await ChatPage.open(browser, server.url, { scheme, name: desktopName });
      const { page } = chat;
      await chat.createsRoom(`Room of the ${scheme}`);
      const dialogs = {
        "Create a room": () => page.getByRole("button", { name: "Create a room" }).click(),
        "Browse rooms": () => page.getByRole("button", { name: "Browse rooms" }).click(),
        "Room name and topic": () => page.getByRole("button", { name: "Room name and topic" }).click(),
        "Leave “": () => page.getByRole("button", { name: "Leave room" }).click(),
        Settings: () => page.getByRole("button", { name: "Settings" }).click(),
        "Go to a room": () => page.keyboard.press("Control+k"),
        Keyboard: () => page.keyboard.press("Control+/"),
        "Jump to a date": () => page.getByRole("button", { name: "Today: jump to a date" }).click(),
      };
      for (const [name, open] of Object.entries(dialogs)) {
        await open();
        const dialog = page.getByRole("dialog", { name });
        await dialog.waitFor();
        await assertAccessible(chat, name);
        await page.keyboard.press("Escape");
        await dialog.waitFor({ state: "detached" });
      }
      await chat.close();
    });
  });
}
