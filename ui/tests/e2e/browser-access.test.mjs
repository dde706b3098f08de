/**
 * What the page looks like, and whether everybody can use it: no violation that axe-core finds, in both colour schemes, on a
 * phone and on a desk.
 *
 * - the first visit
 * - a room with all kinds of messages, and a message with its actions
 * - a phone: the room, its list of rooms, and nothing wider than the screen
 * - the panels at the side
 * - every dialog
 * - looking for somebody: the list takes the keys, and leads to them among the people
 */

import { strict as assert } from "node:assert";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { after, before, describe, test } from "node:test";
import { Member } from "../foreign/member.mjs";
import { Server, skip as noServer } from "../foreign/server.mjs";
import { Guest, noBrowser, openBrowser } from "./chat-page.mjs";
import { missing } from "./skip.mjs";

const skip = missing(noServer, noBrowser);
const axe = skip ? "" : await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const schemes = { dark: ["Ada", "Tim"], light: ["Mia", "Zoë"] };

const talk = [
  ["Lea", "Morning! Is the projector in room 4 free at ten?"],
  ["Sam", "It is. Switch it on *twice*, the first time it only warms up."],
  ["Lea", "Thanks. I put the numbers for **March** beside the old ones:\n\n- visitors: 1,204\n- returning: 418"],
  ["Noor", "مرحبا، أنا في الطريق"],
  ["Sam", "For the demo, one line is enough:\n\n```sh\ncurl -s http://192.168.1.7:4242/api/hello\n```"],
  ["Noor", "I'll be there in ten minutes 🎉\nKeep me a seat, @Lea."],
];

/** What others have said before. */
async function talks(server) {
  const members = new Map();
  for (const [name, text] of talk) {
    if (!members.has(name)) members.set(name, await Member.connect(server.url, { auth: { name } }));
    const { id } = await members.get(name).says(text);
    const sam = members.get("Sam");
    if (name === "Noor") await sam.asks("post", { room: sam.lobby, id: crypto.randomUUID(), body: react(id) });
  }
}

const react = (to) => ({ kind: "react", to, emoji: "👍", on: true });

async function passes(guest, what) {
  // What fades in has no colours of its own yet; what is taken away meanwhile needs none.
  await guest.page.evaluate(() => Promise.allSettled(document.getAnimations().map((animation) => animation.finished)));
  await guest.page.evaluate(axe);
  const { violations } = await guest.page.evaluate(() => globalThis.axe.run({ resultTypes: ["violations"] }));
  const found = violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ html, any }) => `${id}: ${help}\n  ${html}\n  ${any.map(({ message }) => message).join("; ")}`),
  );
  assert.equal(found.length, 0, `${what}:\n${found.join("\n")}`);
}

for (const [scheme, [atDesk, onPhone]] of Object.entries(schemes)) {
  describe(scheme, { skip }, () => {
    let browser;
    let server;

    before(async () => {
      [browser, server] = await Promise.all([openBrowser(), Server.start("--name", "Office")]);
      await talks(server);
    });
    after(async () => {
      await browser?.close();
      await server?.remove();
    });

    test("the first visit", async () => {
      const guest = await Guest.visits(browser, server.url, { scheme });
      await guest.page.getByLabel("Your name").fill(atDesk);
      await passes(guest, "the first visit");
      await guest.picture(`browser-first-visit-${scheme}`);
      await guest.leaves();
    });

    test("a room", async () => {
      const guest = await Guest.visits(browser, server.url, { scheme, name: atDesk });
      await guest.sees("Keep me a seat");
      await guest.says("Two seats are left.");
      await guest.seesSent("Two seats are left.");
      await passes(guest, "a room");
      await guest.picture(scheme === "dark" ? "talk" : "browser-room-light");
      await guest.message("Two seats are left.").last().hover();
      await guest.page.getByRole("toolbar", { name: "Message actions" }).waitFor();
      await passes(guest, "a message with its actions");
      await guest.page.getByRole("button", { name: "React", exact: true }).click();
      await guest.page.getByRole("dialog").waitFor();
      await passes(guest, "choosing a reaction");
      await guest.leaves();
    });

    test("a phone", async () => {
      const guest = await Guest.visits(browser, server.url, { scheme, name: onPhone, width: 360, height: 720 });
      await guest.sees("Keep me a seat");
      await guest.says("On my way, too.");
      await guest.seesSent("On my way, too.");
      await passes(guest, "a phone");
      assert.equal(await guest.page.evaluate(() => document.documentElement.scrollWidth), 360, "nothing is too wide");
      await guest.picture(scheme === "dark" ? "browser-phone-dark" : "phone");
      await guest.page.getByRole("button", { name: "Servers and rooms" }).click();
      await guest.room("Lobby").waitFor();
      await passes(guest, "the rooms on a phone");
      await guest.picture(`browser-phone-rooms-${scheme}`);
      await guest.leaves();
    });

    test("the panels at the side", async () => {
      const guest = await Guest.visits(browser, server.url, { scheme, name: atDesk });
      for (const [button, title] of [
        ["People", "People"],
        ["Let others in", "Let others in"],
      ]) {
        await guest.page.getByRole("button", { name: button }).click();
        await guest.page.getByRole("complementary", { name: title }).waitFor();
        await passes(guest, title);
        await guest.picture(`browser-${title.toLowerCase().replaceAll(" ", "-")}-${scheme}`);
      }
      await guest.leaves();
    });

    test("looking for somebody", async () => {
      const guest = await Guest.visits(browser, server.url, { scheme, name: atDesk });
      const { page } = guest;
      await page.keyboard.press("Control+k");
      await page.getByRole("combobox").fill("@");
      await page.getByRole("option", { name: "Noor" }).waitFor();
      await passes(guest, "the people one can look for");
      await page.getByRole("combobox").fill("@sa");
      await page.getByRole("option", { name: "Noor" }).waitFor({ state: "detached" });
      await page.keyboard.press("Enter");
      const people = page.getByRole("complementary", { name: "People" });
      await people.locator("li:focus").filter({ hasText: "Sam" }).waitFor();
      await passes(guest, "somebody who was looked for");
      await guest.leaves();
    });

    test("every dialog", async () => {
      const guest = await Guest.visits(browser, server.url, { scheme, name: atDesk });
      const { page } = guest;
      await guest.createsRoom(`Room of the ${scheme}`);
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
        await passes(guest, name);
        await page.keyboard.press("Escape");
        await dialog.waitFor({ state: "detached" });
      }
      await guest.leaves();
    });
  });
}
