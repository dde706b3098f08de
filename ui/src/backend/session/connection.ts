/** The connection: back-off, refusals, watchdog. */

import type { WireError } from "../protocol";
import type { ConnectionStatus } from "../session-types";
import { isTransient } from "../wire-error";
import type { Out } from "./effects";

type Window = readonly [afterMs: number, beforeMs: number];

/** The first window of the back-off; each failure doubles it. */
const backOff: Window = [250, 500];
/** The window that it stops at. */
const backOffCap: Window = [15_000, 30_000];
/** The window after a refusal that only a change at the server can lift. */
const refusedWindow: Window = [60_000, 120_000];
/** A connection that held for so long was a success, and the back-off starts anew after it. */
const lastedMs = 10_000;
/** A server that has accepted us says hello within this. */
const helloWithinMs = 10_000;
/** What a server may call its heads interval: a hostile one must not make us spin or wait for ever. */
const headsEveryMs = { least: 200, most: 60_000 };
/** After a nudge an answer, or the next heads, may take so long before the line counts as dead. */
const graceMs = 3_000;

type Link =
  /** Before the first input. */
  | { at: "idle" }
  /** `connect` was given. */
  | { at: "connecting" }
  /** The transport is open; `hello` is due at this time. */
  | { at: "opened"; helloBy: number }
  /** In step since then. */
  | { at: "online"; since: number }
  /** `close` was given, after a connection that lasted or not. */
  | { at: "closing"; lasted: boolean };

export class Line {
  #link: Link = { at: "idle" };
  /** Attempts that failed since the last connection that lasted. */
  #failures = 0;
  /** When the server was last heard. */
  #heard = 0;
  /** After a nudge: when it must have been heard again. */
  #proofBy?: number;
  #headsEvery = headsEveryMs.most;
  /** What the server said when it went. */
  #message?: string;
  #refused?: WireError;
  /** A stale nonce is cured by asking for another one, once. */
  #authRetried = false;
  #wasOnline = false;

  get isOnline(): boolean {
    return this.#link.at === "online";
  }

  /** Whether `hello` is what must come now. */
  get awaitsHello(): boolean {
    return this.#link.at === "opened";
  }

  start(out: Out): void {
    if (this.#link.at === "idle") this.#connect([0, 0], out);
  }

  opened(now: number): void {
    if (this.#link.at !== "connecting") return;
    this.#link = { at: "opened", helloBy: now + helloWithinMs };
    this.heard(now);
  }

  heard(now: number): void {
    this.#heard = now;
    this.#proofBy = undefined;
  }

  hello(now: number, headsEvery: number): void {
    this.#link = { at: "online", since: now };
    this.#headsEvery = Math.min(Math.max(headsEvery, headsEveryMs.least), headsEveryMs.most);
    this.#message = undefined;
    this.#refused = undefined;
    this.#authRetried = false;
    this.#wasOnline = true;
  }

  /** The server goes down by itself; it need not be waited for. */
  closing(now: number, message: string, out: Out): void {
    this.#message = message;
    this.#close(now, out);
  }

  closed(now: number, error: WireError | undefined, out: Out): void {
    if (this.#link.at === "idle") return;
    const lasted = this.#link.at === "closing" ? this.#link.lasted : this.#lasted(now);
    this.#failures = lasted ? 0 : this.#failures + 1;
    this.#proofBy = undefined;
    this.#refused = undefined;
    this.#connect(this.#windowAfter(error), out);
  }

  /**
   * Don't wait; and if the line seems to stand, doubt it. Whether it is to be put to the proof now: by what is answered at
   * once where there is such a thing (`canAsk`), by the next heads where not.
   */
  nudge(now: number, canAsk: boolean, out: Out): boolean {
    if (this.#link.at === "connecting") {
      this.#failures = 0;
      this.#connect([0, 0], out);
    } else if (this.#link.at === "online" && this.#proofBy === undefined) {
      this.#proofBy = now + (canAsk ? 0 : this.#headsEvery) + graceMs;
      this.tick(now, out);
      return canAsk && this.isOnline;
    }
    return false;
  }

  tick(now: number, out: Out): void {
    const due = this.due();
    if (due !== undefined && due <= now) this.#close(now, out);
  }

  /** When the line counts as dead. */
  due(): number | undefined {
    if (this.#link.at === "opened") return this.#link.helloBy;
    if (this.#link.at !== "online") return undefined;
    const silent = this.#heard + Math.floor((this.#headsEvery * 5) / 2);
    return Math.min(this.#proofBy ?? silent, silent);
  }

  /** Where it stands, in the interface's words. */
  status(waiting: number): ConnectionStatus | undefined {
    if (this.#link.at === "idle") return undefined;
    if (this.#link.at === "online") return { state: "online" };
    if (this.#refused) return { state: "refused", error: this.#refused };
    if (!this.#wasOnline && this.#failures === 0) return { state: "connecting" };
    return { state: "reconnecting", attempts: this.#failures, waiting, message: this.#message };
  }

  #windowAfter(error: WireError | undefined): Window {
    if (!error) return this.#backOff();
    if (error.code === "auth" && !this.#authRetried) {
      this.#authRetried = true;
      return [0, 0];
    }
    if (isTransient(error.code)) {
      this.#message = error.message;
      return backOffCap;
    }
    if (error.code === "other") {
      this.#message = error.message;
      return this.#backOff();
    }
    this.#refused = error;
    return refusedWindow;
  }

  #lasted(now: number): boolean {
    return this.#link.at === "online" && now - this.#link.since >= lastedMs;
  }

  #close(now: number, out: Out): void {
    this.#link = { at: "closing", lasted: this.#lasted(now) };
    out.effects.push({ effect: "close" });
  }

  #connect([after_ms, before_ms]: Window, out: Out): void {
    this.#link = { at: "connecting" };
    out.effects.push({ effect: "connect", after_ms, before_ms });
  }

  #backOff(): Window {
    const factor = 2 ** Math.min(this.#failures, 6);
    return [Math.min(backOff[0] * factor, backOffCap[0]), Math.min(backOff[1] * factor, backOffCap[1])];
  }
}
