/**
 * The time that a disconnected browser takes to catch up with 10,000 missed entries: from the moment that the network is back, by
 * the page's own clock, until the last entry is painted. The view stays where the user was reading, so the benchmark clicks *Jump
 * to present* as soon as its button counts all missed messages. Run it with `cargo xtask bench screen`.
 */

import { Member } from "../tests/foreign/member.mjs";
import { Server, program } from "../tests/foreign/server.mjs";
import { ChatPage, openBrowser } from "../tests/e2e/chat-page.mjs";
import { Link } from "../tests/e2e/link.mjs";
import { missed, rounds } from "./options.mjs";

if (!program) throw new Error("ICHAT_SERVER_BIN must name the server: run `cargo xtask bench screen`");
/** More messages than fit on a screen. Visible ones are not counted as unread. */
const maxVisible = 100;

const [browser, server] = await Promise.all([openBrowser(), Server.launch("--name", "Archive")]);
const link = await Link.to(server.port);
try {
  const writer = await Member.connect(server.url, { auth: { name: "Writer" }, transports: ["websocket"] });
  const ada = await ChatPage.open(browser, link.url, { name: "Ada" });
  const times = [];
  for (let round = 1; round <= rounds; round += 1) {
    process.stderr.write(`round ${round} of ${rounds}\n`);
    times.push(await measureCatchUp(ada, writer, round));
  }
  writer.disconnect();
  times.sort((a, b) => a - b);
  const [low, value, high] = [times[0], times[times.length >> 1], times.at(-1)];
  const figure = { figure: "catch-up: screen", case: `${missed} missed entries`, product: "ichat", unit: "ms" };
  process.stdout.write(`${JSON.stringify({ ...figure, value, low, high, rounds })}\n`);
} finally {
  await link.close();
  await browser.close();
  await server.remove();
}

/** Returns the milliseconds from the return of the network to the paint of the newest entry. */
async function measureCatchUp(ada, writer, round) {
  await writer.saysAll([`in step ${round}`]);
  await ada.sees(`in step ${round}`);
  link.cut();
  await writer.saysAll(Array.from({ length: missed }, (_, n) => `${round}/${n}: a message that was posted meanwhile`));
  const painted = ada.page.evaluate(whenPainted, { count: missed - maxVisible, last: `${round}/${missed - 1}: ` });
  link.restore();
  // Without the event the page would try again within half a minute.
  const restored = await ada.page.evaluate(() => {
    const now = performance.now();
    window.dispatchEvent(new Event("online"));
    return now;
  });
  return Math.round((await painted) - restored);
}

/** Runs in the page: jumps to the present as soon as `count` unread messages are shown, and returns when `last` is painted. */
function whenPainted({ count, last }) {
  return new Promise((resolve) => {
    let jumped = false;
    const check = () => {
      const button = [...document.querySelectorAll("button")].find(({ textContent }) =>
        textContent.includes("Jump to present"),
      );
      if (!jumped && Number(button?.textContent.replace(/\D/g, "")) >= count) {
        jumped = true;
        button.click();
      }
      const messages = document.querySelectorAll("[role=log] article");
      if (jumped && messages[messages.length - 1]?.textContent.includes(last)) {
        // The next frame comes after the paint of this one.
        requestAnimationFrame(() => resolve(performance.now()));
      } else {
        requestAnimationFrame(check);
      }
    };
    requestAnimationFrame(check);
  });
}
