/** The state of the connection: when to connect, when to give up on a silent server, what to show. */

import type { Closing, WireError } from "../protocol";
import type { ConnectionStatus } from "../session-types";
import { isTransient } from "../wire-error";
import type { Effects } from "./effects";
import { retryAfter } from "./retry-after";

/** The lower and upper bound of a random delay. */
type DelayMs = readonly [low: number, high: number];

/** The delay after the end of a stable connection. Each failed attempt doubles it. */
const initialBackoff: DelayMs = [250, 500];
const maxBackoff: DelayMs = [15_000, 30_000];
/** The delay after a refusal that only a change at the server can lift. */
const refusedBackoff: DelayMs = [60_000, 120_000];
const noDelay: DelayMs = [0, 0];
/** A connection that lasted this long was a success and resets the back-off. */
const stableAfterMs = 10_000;
/** The time that a server has for its `hello` after it accepted the client. */
const helloTimeoutMs = 10_000;
/** Bounds for the heads interval that a server declares, so that a hostile one can't make the client spin or wait forever. */
const minHeadsIntervalMs = 200;
const maxHeadsIntervalMs = 60_000;
/** The time that the server has to answer a probe. */
const probeTimeoutMs = 3_000;

/** The life cycle of a connection. */
type Phase =
  /** Before the input `start`. */
  | { phase: "idle" }
  /** The effect `connect` was returned: an attempt is waiting or running. */
  | { phase: "connecting" }
  /** The transport is open, and `hello` must arrive before the deadline. */
  | { phase: "awaiting-hello"; deadline: number }
  /** `hello` arrived at this time. */
  | { phase: "online"; since: number }
  /** The effect `close` was returned. `stable`: `true` if the connection had lasted. */
  | { phase: "closing"; stable: boolean };

/** The connection as the session knows it. */
export class ConnectionState {
  #phase: Phase = { phase: "idle" };
  /** Failed attempts since the server was there last. A connection that didn't last counts as one. */
  #attempts = 0;
  /** The number of times that the delay before an attempt has doubled: since the last stable connection, or the last nudge. */
  #doublings = 0;
  #lastReceived = 0;
  /** The time by which the server must answer a probe, if one is under way. */
  #probeDeadline?: number;
  #headsInterval = maxHeadsIntervalMs;
  /** The last message of the server about its absence. */
  #message?: string;
  /** `true` if that message said that the host has stopped. */
  #stopped = false;
  #refused?: WireError;
  /** `true` if the server has refused the last attempt. The time counts that it asks to wait for, or that follows a refusal. */
  #isAfterRefusal = false;
  /** `true` while an attempt is under way that the user has asked for. */
  #trying = false;
  /** `true` after a refusal of the signature was retried. A fresh nonce cures a stale one, so one retry is enough. */
  #authRetried = false;
  #wasOnline = false;

  get isOnline(): boolean {
    return this.#phase.phase === "online";
  }

  get awaitsHello(): boolean {
    return this.#phase.phase === "awaiting-hello";
  }

  start(effects: Effects): void {
    if (this.#phase.phase === "idle") this.#connect(noDelay, effects);
  }

  opened(now: number): void {
    if (this.#phase.phase !== "connecting") return;
    this.#phase = { phase: "awaiting-hello", deadline: now + helloTimeoutMs };
    this.received(now);
  }

  /** Notes that the server sent something, which proves that the connection works. */
  received(now: number): void {
    this.#lastReceived = now;
    this.#probeDeadline = undefined;
  }

  /** Goes online after `hello`. */
  goOnline(now: number, headsIntervalMs: number): void {
    this.#phase = { phase: "online", since: now };
    this.#attempts = 0;
    this.#headsInterval = Math.min(Math.max(headsIntervalMs, minHeadsIntervalMs), maxHeadsIntervalMs);
    this.#message = undefined;
    this.#stopped = false;
    this.#refused = undefined;
    this.#isAfterRefusal = false;
    this.#trying = false;
    this.#authRetried = false;
    this.#wasOnline = true;
  }

  /** Closes the connection because the server announced its shutdown. */
  serverClosing(now: number, { message, reason }: Closing, effects: Effects): void {
    this.#message = message;
    this.#stopped = reason === "stopped";
    this.#close(now, effects);
  }

  /** Schedules the next attempt after the connection ended or failed to open. */
  closed(now: number, error: WireError | undefined, effects: Effects): void {
    if (this.#phase.phase === "idle") return;
    this.#probeDeadline = undefined;
    this.#refused = undefined;
    this.#trying = false;
    // A refusal is no news of why the server can't be reached afterwards.
    if (this.#isAfterRefusal) this.#message = undefined;
    this.#isAfterRefusal = error !== undefined && error.code !== "other";
    const wait = error && retryAfter(error);
    if (wait !== undefined) {
      // A busy server is no failure: it is there. The others who wait for it come at other times.
      this.#attempts = 0;
      this.#message = error?.message;
      this.#connect([wait, wait + Math.floor(wait / 2)], effects);
      return;
    }
    const wasStable = this.#phase.phase === "closing" ? this.#phase.stable : this.#isStable(now);
    this.#attempts = wasStable ? 0 : this.#attempts + 1;
    this.#doublings = wasStable ? 0 : this.#doublings + 1;
    this.#connect(this.#delayAfter(error), effects);
  }

  /** Connects now, because the user asks for it, or does what a nudge does. Returns what `nudge` returns. */
  reconnect(now: number, canProbe: boolean, effects: Effects): boolean {
    this.#trying = this.#phase.phase === "connecting" || this.awaitsHello;
    return this.nudge(now, canProbe, effects);
  }

  /**
   * Connects now if an attempt is waiting, unless the server has asked to wait; if online, starts a probe. Returns whether the
   * caller should send the probe.
   *
   * `canProbe` is `true` if the caller has a request that the server answers at once. Without one the next `heads` is the
   * answer.
   */
  nudge(now: number, canProbe: boolean, effects: Effects): boolean {
    switch (this.#phase.phase) {
      case "connecting":
        if (this.#isAfterRefusal && !this.#trying) return false;
        this.#doublings = 0;
        this.#connect(noDelay, effects);
        return false;
      case "online":
        if (this.#probeDeadline !== undefined) return false;
        this.#probeDeadline = now + (canProbe ? 0 : this.#headsInterval) + probeTimeoutMs;
        this.tick(now, effects);
        return canProbe && this.isOnline;
      case "idle":
      case "awaiting-hello":
      case "closing":
        return false;
    }
  }

  /** Closes the connection if the server has been silent for too long. */
  tick(now: number, effects: Effects): void {
    const deadline = this.deadline();
    if (deadline !== undefined && deadline <= now) this.#close(now, effects);
  }

  /** Returns the time at which a silent server counts as gone. */
  deadline(): number | undefined {
    switch (this.#phase.phase) {
      case "awaiting-hello":
        return this.#phase.deadline;
      case "online": {
        const silence = this.#lastReceived + Math.floor((this.#headsInterval * 5) / 2);
        return Math.min(this.#probeDeadline ?? silence, silence);
      }
      case "idle":
      case "connecting":
      case "closing":
        return undefined;
    }
  }

  /** Returns the status to show, once the session has started. */
  status(waiting: number): ConnectionStatus | undefined {
    if (this.#phase.phase === "idle") return undefined;
    if (this.#phase.phase === "online") return { state: "online" };
    const trying = this.#trying || undefined;
    if (this.#refused) return { state: "refused", error: this.#refused, trying };
    if (!this.#wasOnline && this.#attempts === 0 && this.#message === undefined) return { state: "connecting" };
    const stopped = this.#stopped || undefined;
    return { state: "reconnecting", attempts: this.#attempts, waiting, message: this.#message, stopped, trying };
  }

  #delayAfter(error: WireError | undefined): DelayMs {
    if (!error) return this.#backoff();
    if (error.code === "auth" && !this.#authRetried) {
      this.#authRetried = true;
      return noDelay;
    }
    if (isTransient(error.code)) {
      this.#message = error.message;
      return maxBackoff;
    }
    if (error.code === "other") {
      this.#message = error.message;
      return this.#backoff();
    }
    this.#refused = error;
    return refusedBackoff;
  }

  #isStable(now: number): boolean {
    return this.#phase.phase === "online" && now - this.#phase.since >= stableAfterMs;
  }

  #close(now: number, effects: Effects): void {
    this.#phase = { phase: "closing", stable: this.#isStable(now) };
    effects.push({ effect: "close" });
  }

  #connect([after_ms, before_ms]: DelayMs, effects: Effects): void {
    this.#phase = { phase: "connecting" };
    effects.push({ effect: "connect", after_ms, before_ms });
  }

  #backoff(): DelayMs {
    const factor = 2 ** Math.min(this.#doublings, 6);
    const [low, high] = initialBackoff;
    return [Math.min(low * factor, maxBackoff[0]), Math.min(high * factor, maxBackoff[1])];
  }
}
