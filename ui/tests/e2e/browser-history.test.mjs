/**
 * A long room in a real browser with a real server:
 * - 10,000 messages can be scrolled to the first: nothing jumps under the reader, and the page stays small
 * - new messages don't move a user who reads old ones
 * - a button leads back to the newest message
 */

import { strict as assert } from "node:assert";
import { after, before, test } from "node:test";
import { Member } from "../foreign/member.mjs";
import { Server, serverUnavailable } from "../foreign/server.mjs";
import { ChatPage, browserUnavailable, openBrowser } from "./chat-page.mjs";
import { skipReason } from "./skip.mjs";

const skip = skipReason(serverUnavailable, browserUnavailable);
const count = 10_000;
/** Twice the number of items that `ui/src/rooms/log-window.ts` keeps in memory. */
const maxMessages = 400;
let browser;
let server;
let ada;
let writer;

/** Posts messages with as many in flight as a client may have. */
async function post(member, texts) {
  const next = texts[Symbol.iterator]();
  const worker = async () => {
    for (const text of next) {
      const { event, data } = await member.request("post", {
        room: member.lobby,
        id: crypto.randomUUID(),
        body: { kind: "message", text },
      });
      assert.equal(event, "entries", JSON.stringify(data));
    }
  };
  await Promise.all(Array.from({ length: 60 }, worker));
}

function* lines() {
  for (let n = 1; n <= count; n++) {
    // The messages have different heights.
    yield `line ${n}${n % 3 === 0 ? ` ${"and some more words ".repeat(n % 17)}` : ""}${n % 41 === 0 ? "\n\n- a\n- b" : ""}`;
  }
}

before(async () => {
  if (skip) return;
  [browser, server] = await Promise.all([openBrowser(), Server.launch("--name", "Archive")]);
  writer = await Member.connect(server.url, { auth: { name: "Writer" }, transports: ["websocket"] });
  await post(writer, lines());
  ada = await ChatPage.open(browser, server.url, { name: "Ada" });
});
after(async () => {
  writer?.disconnect();
  await browser?.close();
  await server?.remove();
});

test("10,000 messages can be scrolled to the first", { skip, timeout: 180_000 }, async () => {
  await ada.timeline.getByRole("article").first().waitFor();
  const { jumps, maxShown, nodes, steps } = await ada.timeline.evaluate(scrollUp);
  assert.deepEqual(jumps, [], "the visible messages stay in place");
  assert.ok(steps > 50, `only ${steps} steps`);
  assert.ok(maxShown <= maxMessages + 1, `${maxShown} messages were in the page at once`);
  assert.ok(nodes < 12_000, `${nodes} nodes were in the page at once`);
  await ada.page.getByText("This is where it begins.").waitFor();
  await ada.timeline.getByText("line 1", { exact: true }).waitFor();
});

test("new messages don't move a user who reads old ones", { skip }, async () => {
  const before = await topOf("line 2");
  await post(writer, ["fresh 1", "fresh 2"]);
  await ada.page.getByRole("button", { name: /Jump to present.*2/ }).waitFor();
  assert.ok(Math.abs((await topOf("line 2")) - before) < 2, "the visible messages stay in place");
});

test("a button leads back to the newest message", { skip }, async () => {
  await ada.page.getByRole("button", { name: "Jump to present" }).click();
  await ada.message("fresh 2").waitFor();
  await ada.page.getByRole("button", { name: "Jump to present" }).waitFor({ state: "detached" });
  const box = await ada.message("fresh 2").boundingBox();
  assert.ok(box.y > 0 && box.y < 800, "it is visible");
});

async function topOf(text) {
  const line = ada.timeline.getByText(text, { exact: true });
  return (await line.boundingBox()).y;
}

/** Runs in the page: scrolls up in small steps and checks that a visible message moves by exactly the distance scrolled. */
async function scrollUp(scroller) {
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  const viewportTop = scroller.getBoundingClientRect().top;
  // The bottom edge, because a row may lose its header when older rows are added above it.
  const bottomOf = (row) => row.getBoundingClientRect().bottom - viewportTop;
  const found = { jumps: [], maxShown: 0, nodes: 0, steps: 0 };
  const step = scroller.clientHeight * 2;
  for (let lastMove = performance.now(); performance.now() - lastMove < 10_000; found.steps++) {
    const rows = [...scroller.querySelectorAll("article")];
    const row = rows.find((candidate) => candidate.getBoundingClientRect().top >= viewportTop) ?? rows[0];
    const { key } = row.dataset;
    const [before, distance] = [bottomOf(row), Math.min(step, scroller.scrollTop)];
    scroller.scrollBy({ top: -distance, behavior: "instant" });
    await frame();
    await frame();
    const same = scroller.querySelector(`[data-key="${key}"]`);
    const moved = same ? bottomOf(same) - before : Number.NaN;
    if (Math.abs(moved - distance) > 2)
      found.jumps.push(`${moved} px instead of ${distance} px at step ${found.steps}`);
    found.maxShown = Math.max(found.maxShown, rows.length);
    found.nodes = Math.max(found.nodes, document.querySelectorAll("*").length);
    if (distance > 0) lastMove = performance.now();
    else if (scroller.textContent.includes("This is where it begins.")) break;
  }
  return found;
}
