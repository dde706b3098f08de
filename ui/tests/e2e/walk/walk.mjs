/**
 * A random walk through the interface. The seed determines the steps; each step acts on what is there when it is its turn. After
 * every step the invariants are checked (`invariants.mjs`).
 *
 * The time limits count what the page has drawn and what the server has answered, not the seconds of the clock, so that a busy
 * machine fails no walk.
 */

import { mouse } from "../hands/mouse.mjs";
import { checkAfterStep, checkInStep } from "./invariants.mjs";
import { Random } from "./random.mjs";
import { RoomLogs } from "./room-logs.mjs";
import { steps, weights } from "./steps.mjs";

/** The time that a page has to draw, and the answers that the server has to give, until a condition is given up. */
const drawnLimitMs = 5_000;
const answersLimit = 20;
/** While the page connects again, it waits longer and longer between its attempts. */
const reconnectLimitMs = 60_000;
/** The guard against a page that draws nothing. */
const clockLimitMs = 180_000;
/** The steps between two comparisons with the log. */
const stepsBetweenComparisons = 8;

export class Walk {
  world;
  user;
  ben;
  logs;
  /** The steps until the connection comes back, or null while it is there. */
  outage = null;
  seed;
  #done = [];

  /** Opens the page of a new user in a world with some history, who is watched by another client. */
  static async begin(world, browser, seed) {
    const walk = new Walk();
    walk.seed = seed;
    walk.world = world;
    walk.ben = await world.friend("Ben");
    walk.logs = new RoomLogs(walk.ben);
    walk.user = await world.user(browser, mouse);
    await walk.user.view.tab.goto("about:blank");
    await walk.user.arrives("Ada");
    return walk;
  }

  get view() {
    return this.user.view;
  }

  get isConnected() {
    return this.outage === null;
  }

  /**
   * Takes the steps of the seed, or only those with these numbers. Throws an error that has the seed, the steps, and the command
   * that repeats them.
   */
  async takes(count, only = undefined) {
    for (let number = 1; number <= count; number++) {
      if (only && !only.includes(number)) continue;
      const random = new Random(this.seed, number);
      const name = random.weighted(weights);
      try {
        const detail = await steps[name](this, random);
        this.#done.push(`${number} ${name}${detail ? `: ${detail}` : ""}`);
        await this.#recovers();
        await checkAfterStep(this);
        if (number % stepsBetweenComparisons === 0) await checkInStep(this);
      } catch (error) {
        throw this.#failure(error, number, name);
      }
    }
    try {
      await this.reconnects();
      await checkInStep(this);
    } catch (error) {
      throw this.#failure(error, count, "the end");
    }
  }

  #failure(error, number, name) {
    const list = [...this.#done, `${number} ${name}: failed`].slice(-40).join("\n  ");
    const command = `cargo xtask walk --first ${this.seed} --seeds 1 --steps ${number}`;
    return new Error(`${error.message}\nseed ${this.seed}; to repeat it: ${command}\nthe last steps:\n  ${list}`, {
      cause: error,
    });
  }

  /** Counts down to the end of an outage. */
  async #recovers() {
    if (this.outage === null) return;
    this.outage.steps -= 1;
    if (this.outage.steps <= 0) await this.reconnects();
  }

  /** Ends an outage, if there is one, and waits until the page has noticed. */
  async reconnects() {
    if (this.outage === null) return;
    const { end } = this.outage;
    await end();
    this.outage = null;
    await this.waits("the page is connected again", () => this.isOnline(), reconnectLimitMs);
  }

  /** Returns whether nothing on the screen says that there is no connection. */
  async isOnline() {
    return !(await this.view.shows({
      role: "status",
      hasText: /Not connected|Connecting|going down|can’t be reached/,
    }));
  }

  /** Waits for a condition, as long as the page draws and the server answers without it. */
  async waits(condition, poll, limitMs = drawnLimitMs) {
    const [begun, answers, clock] = [await this.view.query("drawn"), this.logs.answers, Date.now()];
    for (;;) {
      if (await poll()) return;
      const drawn = (await this.view.query("drawn")) - begun;
      if (this.isConnected && this.logs.answers < answers + answersLimit) await this.logs.rooms();
      const isLong = drawn > limitMs && (!this.isConnected || this.logs.answers >= answers + answersLimit);
      if (isLong || Date.now() - clock > clockLimitMs) throw new Error(`it isn't so that ${condition}`);
      await this.view.query("draws");
    }
  }

  /** Presses something if it is there and nothing covers it. Returns whether it did. */
  async presses(target) {
    const point = await this.view.query("point", target);
    if (point.problem) return false;
    await this.view.tab.click(point);
    await this.view.query("draws");
    return true;
  }

  /** Closes what covers the timeline: dialogs and pop-ups, and on a narrow window panels and the drawer. */
  async clears() {
    for (let attempt = 0; attempt < 6; attempt++) {
      const isCovered = await this.view.query("isCovered");
      if (!isCovered) return;
      await this.view.tab.press("Escape");
      await this.view.query("draws");
    }
  }

  /** Returns the room that is open, as the server lists it, or undefined while none is. */
  async openRoom() {
    const { room } = await this.view.query("place");
    const rooms = await this.logs.rooms();
    return rooms.find(({ name }) => name === room);
  }

  /** Returns a text that no other message has. */
  text(random, number) {
    const words = random.of([
      "ok",
      "Has anybody seen the blue folder?",
      "On the shelf, second from the left, behind the printer that nobody uses any more since the new one came.",
      "first\nsecond\nthird",
      "مرحبا بالجميع",
      "🎉 done",
      "日本語のテキスト",
      "a\n\nb",
    ]);
    return `${this.seed}.${number ?? this.#done.length + 1} ${words}`;
  }
}
