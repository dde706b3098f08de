/**
 * A random walk through the interface. The seed determines the steps; each step acts on what is there when it is its turn. After
 * every step the invariants are checked (`invariants.mjs`).
 *
 * The time limits count for how long the page was able to work and what the server has answered, not the seconds of the clock, so
 * that a busy machine fails no walk.
 */

import { mouse } from "../hands/mouse.mjs";
import { checkAfterStep, checkInStep } from "./invariants.mjs";
import { Random } from "./random.mjs";
import { RoomLogs } from "./room-logs.mjs";
import { steps, weights } from "./steps.mjs";

/** The time that a page has to work, and the answers that the server has to give, until a condition is given up. */
const workLimitMs = 5_000;
const answersLimit = 20;
/** While the page connects again, it waits longer and longer between its attempts. */
const reconnectLimitMs = 60_000;
/** The guard against a page that doesn't work at all. */
const clockLimitMs = 180_000;
/** The steps between two comparisons with the log. */
const stepsBetweenComparisons = 8;

/** The texts of messages. Each message also has a number. */
const texts = [
  "ok",
  "Has anybody seen the blue folder?",
  "On the shelf, second from the left, behind the printer that nobody uses any more since the new one came.",
  "first\nsecond\nthird",
  "مرحبا بالجميع",
  "🎉 done",
  "日本語のテキスト",
  "a\n\nb",
];

export class Walk {
  world;
  user;
  ben;
  logs;
  /** The steps until the connection comes back, or null while it is there. */
  outage = null;
  seed;
  /** The steps that were begun, each with what it did. The last one may have failed. */
  taken = [];

  /** Opens the page of a new user in a world with some history, who is watched by another client. */
  static async begin(world, browser, seed) {
    const walk = new Walk();
    walk.seed = seed;
    walk.world = world;
    walk.ben = await world.friend("Ben");
    walk.logs = new RoomLogs(walk.ben);
    walk.user = await world.user(browser, mouse, { motion: true });
    // Before the first page of the app there is an empty one.
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

  /** Takes the steps of the seed, or only those with these numbers. */
  async takes(count, only = undefined) {
    for (let number = 1; number <= count; number++) {
      if (only && !only.includes(number)) continue;
      const random = new Random(this.seed, number);
      const step = { number, name: random.weighted(weights), detail: "failed" };
      this.taken.push(step);
      const begun = performance.now();
      step.detail = await steps[step.name](this, random);
      await this.#recovers();
      await checkAfterStep(this);
      if (number % stepsBetweenComparisons === 0) await checkInStep(this);
      step.ms = Math.round(performance.now() - begun);
    }
    await this.reconnects();
    await checkInStep(this);
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
    await this.outage.end();
    this.outage = null;
    await this.waits("the page is connected again", () => this.isOnline(), reconnectLimitMs);
  }

  /** Returns whether the page has a working connection and shows none as lost. */
  async isOnline() {
    return this.world.link.hasSocket && !(await this.view.query("isOffline"));
  }

  /** Waits for a condition, as long as the page works and the server answers without it. */
  async waits(condition, poll, limitMs = workLimitMs) {
    if (await poll()) return;
    const [begun, answers, clock] = [await this.view.query("settles"), this.logs.answers, Date.now()];
    for (;;) {
      if (await poll()) return;
      const worked = (await this.view.query("settles")) - begun;
      if (this.isConnected && this.logs.answers < answers + answersLimit) await this.logs.rooms();
      const isLong = worked > limitMs && (!this.isConnected || this.logs.answers >= answers + answersLimit);
      if (isLong || Date.now() - clock > clockLimitMs) throw new Error(`not within the limit: ${condition}`);
    }
  }

  /** Presses something once it stands still, if it is there and nothing covers it. Returns whether it did. */
  async presses(target) {
    const point = await this.view.query("stillPoint", target);
    if (point.problem) return false;
    await this.view.tab.click(point);
    return true;
  }

  /** Closes what covers the timeline: dialogs and pop-ups, and on a narrow window panels and the drawer. */
  async clears() {
    let isCovered = await this.view.query("isCovered");
    for (let attempt = 0; isCovered && attempt < 6; attempt++) {
      await this.view.tab.press("Escape");
      isCovered = await this.view.settled("isCovered");
    }
  }

  /** Presses keys one after the other. */
  async strikes(...keys) {
    for (const key of keys) await this.view.tab.press(key);
  }

  /** Writes a text where the focus is: the first character of each line by its key, and the rest at once. */
  async writes(text) {
    const { tab } = this.view;
    for (const [index, line] of text.split("\n").entries()) {
      if (index > 0) await tab.press("Shift+Enter");
      await tab.type(line.slice(0, 1));
      if (line.length > 1) await tab.insert(line.slice(1));
    }
  }

  /** Returns the room of that name, as the server lists it, or undefined if there is none. */
  async roomCalled(wanted) {
    return (await this.logs.rooms()).find(({ name }) => name === wanted);
  }

  /** Returns a text that no other message has. */
  text(random, number = this.taken.length) {
    return `${this.seed}.${number} ${random.of(texts)}`;
  }
}
