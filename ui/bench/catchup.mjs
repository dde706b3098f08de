// How long a browser that lost its line takes to be in step with 10,000 entries that it missed: from the moment that the line is
// whole again, by the page's own clock, until the last of them is drawn: the view stays where the person was reading, so
// somebody goes to the present as soon as the button that leads there counts them all. Run by `cargo xtask bench screen`.

import { once } from "node:events";
import { connect, createServer } from "node:net";

import { Member } from "../tests/foreign/member.mjs";
import { Server, program } from "../tests/foreign/server.mjs";
import { Guest, openBrowser } from "../tests/e2e/chat-page.mjs";
import { rounds } from "./options.mjs";

if (!program) throw new Error("ICHAT_SERVER_BIN has to name the server: run this by `cargo xtask bench screen`");
const missed = Number(process.argv.find((word) => /^\d+$/.test(word)) ?? 10_000);
/** More than fit on a screen, and are not counted as lying ahead. */
const inSight = 100;
/** As many as a client may have unanswered. */
const outstanding = 60;

/** The way between the browser and the server, which can be cut. */
class Way {
  #to;
  #server;
  #sockets = new Set();
  #isOpen = true;

  static async to(url) {
    const way = new Way();
    way.#to = Number(new URL(url).port);
    way.#server = createServer((near) => way.#carry(near)).listen(0, "127.0.0.1");
    await once(way.#server, "listening");
    return way;
  }

  get url() {
    return `http://127.0.0.1:${this.#server.address().port}`;
  }

  #carry(near) {
    if (!this.#isOpen) return void near.destroy();
    const far = connect(this.#to, "127.0.0.1");
    for (const [one, other] of [
      [near, far],
      [far, near],
    ]) {
      this.#sockets.add(one);
      one.setNoDelay(true);
      one.on("error", () => other.destroy());
      one.on("close", () => {
        this.#sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  }

  cut() {
    this.#isOpen = false;
    for (const socket of this.#sockets) socket.destroy();
  }

  mend() {
    this.#isOpen = true;
  }

  close() {
    this.cut();
    this.#server.close();
  }
}

const [browser, server] = await Promise.all([openBrowser(), Server.start("--name", "Archive")]);
const way = await Way.to(server.url);
try {
  const writer = await Member.connect(server.url, { auth: { name: "Writer" }, transports: ["websocket"] });
  const ada = await Guest.visits(browser, way.url, { name: "Ada" });
  const times = [];
  for (let round = 1; round <= rounds; round += 1) {
    process.stderr.write(`return ${round} of ${rounds}\n`);
    times.push(await comeBack(ada, writer, round));
  }
  writer.leave();
  times.sort((a, b) => a - b);
  const [low, value, high] = [times[0], times[times.length >> 1], times.at(-1)];
  const what = { figure: "catch-up: screen", case: `${missed} missed entries`, product: "ichat", unit: "ms" };
  process.stdout.write(`${JSON.stringify({ ...what, value, low, high, rounds })}\n`);
} finally {
  way.close();
  await browser.close();
  await server.remove();
}

/** Milliseconds from the mended line to the newest entry on the screen. */
async function comeBack(ada, writer, round) {
  await say(writer, [`in step ${round}`]);
  await ada.sees(`in step ${round}`);
  way.cut();
  await say(
    writer,
    Array.from({ length: missed }, (_, n) => `${round}/${n}: what people write while one is away`),
  );
  const shown = ada.page.evaluate(onScreen, { count: missed - inSight, last: `${round}/${missed - 1}: ` });
  way.mend();
  // The page would try again by itself within half a minute.
  const mended = await ada.page.evaluate(() => {
    const now = performance.now();
    window.dispatchEvent(new Event("online"));
    return now;
  });
  return Math.round((await shown) - mended);
}

/** Runs in the page: goes to the present as soon as so many are counted as lying ahead, and tells when the last one is drawn. */
function onScreen({ count, last }) {
  return new Promise((resolve) => {
    let went = false;
    const look = () => {
      const way = [...document.querySelectorAll("button")].find(({ textContent }) =>
        textContent.includes("Jump to present"),
      );
      if (!went && Number(way?.textContent.replace(/\D/g, "")) >= count) {
        went = true;
        way.click();
      }
      const messages = document.querySelectorAll("[role=log] article");
      if (went && messages[messages.length - 1]?.textContent.includes(last)) {
        // What this frame draws is there with the next one.
        requestAnimationFrame(() => resolve(performance.now()));
      } else {
        requestAnimationFrame(look);
      }
    };
    requestAnimationFrame(look);
  });
}

async function say(writer, texts) {
  const next = texts.values();
  const lane = async () => {
    for (const text of next) {
      const body = { kind: "message", text };
      const { event, data } = await writer.asks("post", { room: writer.lobby, id: crypto.randomUUID(), body });
      if (event !== "entries") throw new Error(`a message was refused: ${JSON.stringify(data)}`);
    }
  };
  await Promise.all(Array.from({ length: outstanding }, lane));
}
