/**
 * A long room in a real browser, with the real server.
 *
 * - 10,000 messages can be read up to the first: nothing jumps under the reader, and what the page holds stays small
 * - from there one way leads back to the present, where the newest message is
 * - new messages don't move somebody who reads old ones
 */

import { strict as assert } from "node:assert";
import { after, before, test } from "node:test";
import { Member } from "../foreign/member.mjs";
import { Server, skip as noServer } from "../foreign/server.mjs";
import { Guest, noBrowser, openBrowser } from "./chat-page.mjs";
import { missing } from "./skip.mjs";

const skip = missing(noServer, noBrowser);
const count = 10_000;
/** What the interface says that it holds at most (`ui/src/rooms/window.ts`). */
const heldAtMost = 400;
let browser;
let server;
let ada;
let writer;

/** As many at a time as a client may have unanswered. */
async function fill(member, texts) {
  const next = texts[Symbol.iterator]();
  const lane = async () => {
    for (const text of next) {
      const { event, data } = await member.asks("post", {
        room: member.lobby,
        id: crypto.randomUUID(),
        body: { kind: "message", text },
      });
      assert.equal(event, "entries", JSON.stringify(data));
    }
  };
  await Promise.all(Array.from({ length: 60 }, lane));
}

function* lines() {
  for (let n = 1; n <= count; n++) {
    // Of different heights, as people write.
    yield `line ${n}${n % 3 === 0 ? ` ${"and some more words ".repeat(n % 17)}` : ""}${n % 41 === 0 ? "\n\n- a\n- b" : ""}`;
  }
}

before(async () => {
  if (skip) return;
  [browser, server] = await Promise.all([openBrowser(), Server.start("--name", "Archive")]);
  writer = await Member.connect(server.url, { auth: { name: "Writer" }, transports: ["websocket"] });
  await fill(writer, lines());
  ada = await Guest.visits(browser, server.url, { name: "Ada" });
});
after(async () => {
  writer?.leave();
  await browser?.close();
  await server?.remove();
});

test("10,000 messages can be read up to the first", { skip, timeout: 180_000 }, async () => {
  await ada.timeline.getByRole("article").first().waitFor();
  const { jumps, most, nodes, steps } = await ada.timeline.evaluate(scrollUp);
  assert.deepEqual(jumps, [], "what is read stays where it is");
  assert.ok(steps > 50, `only ${steps} steps`);
  assert.ok(most <= heldAtMost + 1, `${most} messages were in the page at once`);
  assert.ok(nodes < 12_000, `${nodes} nodes were in the page at once`);
  await ada.page.getByText("This is where it begins.").waitFor();
  await ada.timeline.getByText("line 1", { exact: true }).waitFor();
});

test("new messages don't move somebody who reads old ones", { skip }, async () => {
  const before = await topOf("line 2");
  await fill(writer, ["fresh 1", "fresh 2"]);
  await ada.page.getByRole("button", { name: /Jump to present.*2/ }).waitFor();
  assert.ok(Math.abs((await topOf("line 2")) - before) < 2, "what is read stays where it is");
});

test("one way leads back to the present", { skip }, async () => {
  await ada.page.getByRole("button", { name: "Jump to present" }).click();
  await ada.message("fresh 2").waitFor();
  await ada.page.getByRole("button", { name: "Jump to present" }).waitFor({ state: "detached" });
  const box = await ada.message("fresh 2").boundingBox();
  assert.ok(box.y > 0 && box.y < 800, "it is in sight");
});

async function topOf(text) {
  const line = ada.timeline.getByText(text, { exact: true });
  return (await line.boundingBox()).y;
}

/** Runs in the page: scrolls up as a person does, a bit at a time, and follows a message that is in sight meanwhile. */
async function scrollUp(scroller) {
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  const topOfAll = scroller.getBoundingClientRect().top;
  // A row may lose the author's name above it when older ones come in; its text must not move for that.
  const place = (row) => row.getBoundingClientRect().bottom - topOfAll;
  const found = { jumps: [], most: 0, nodes: 0, steps: 0 };
  const step = scroller.clientHeight * 2;
  for (let still = performance.now(); performance.now() - still < 10_000; found.steps++) {
    const rows = [...scroller.querySelectorAll("article")];
    const row = rows.find((one) => one.getBoundingClientRect().top >= topOfAll) ?? rows[0];
    const { key } = row.dataset;
    const [before, way] = [place(row), Math.min(step, scroller.scrollTop)];
    scroller.scrollBy({ top: -way, behavior: "instant" });
    await frame();
    await frame();
    const same = scroller.querySelector(`[data-key="${key}"]`);
    const moved = same ? place(same) - before : Number.NaN;
    if (Math.abs(moved - way) > 2) found.jumps.push(`${moved} px instead of ${way} px at step ${found.steps}`);
    found.most = Math.max(found.most, rows.length);
    found.nodes = Math.max(found.nodes, document.querySelectorAll("*").length);
    if (way > 0) still = performance.now();
    else if (scroller.textContent.includes("This is where it begins.")) break;
  }
  return found;
}
