import { dayOf } from "./time";

/** The difference that a clock may have without being wrong: a message's way takes time, too. */
const toleranceMs = 60_000;

/**
 * The clock of a server, which the times of all its messages come from. It is this device's clock, corrected where that is
 * wrong: so "Today" is the day of the messages that are written now, and the user's own messages have the same times before
 * and after they are sent.
 */
export class Clock {
  /** The server's clock minus this device's. */
  #offset = $state(0);
  #today = $state(dayOf(Date.now()));

  /** Returns the server's time now. */
  now(): number {
    return Date.now() + this.#offset;
  }

  /** The start of the present day. It changes at midnight, if `check` is called then. */
  get today(): number {
    return this.#today;
  }

  /** The server's time now, if this device's clock is wrong. */
  get correctedNow(): number | undefined {
    return this.#offset === 0 ? undefined : this.now();
  }

  /** Returns the server's time for a time of this device. */
  serverTime(at: number): number {
    return at + this.#offset;
  }

  /** Sets the clock by what the server has just said. */
  set(serverNow: number): void {
    const offset = serverNow - Date.now();
    this.#offset = Math.abs(offset) > toleranceMs ? offset : 0;
    this.check();
  }

  /** Sets the clock by an entry that the server has just written, which can't be later than its present time. */
  observe(at: number): void {
    if (at - this.now() > toleranceMs) this.set(at);
  }

  /** Compares the day. */
  check(): void {
    const today = dayOf(this.now());
    if (today !== this.#today) this.#today = today;
  }
}

/** The interval of the checks. It is short, because timers stand still while the machine sleeps. */
const checkIntervalMs = 15_000;

/** Calls `check` while time passes, and when the page is back after a sleep. Returns a function that ends that. */
export function whileTimePasses(check: () => void): () => void {
  check();
  const timer = setInterval(check, checkIntervalMs);
  addEventListener("focus", check);
  addEventListener("pageshow", check);
  document.addEventListener("visibilitychange", check);
  return () => {
    clearInterval(timer);
    removeEventListener("focus", check);
    removeEventListener("pageshow", check);
    document.removeEventListener("visibilitychange", check);
  };
}
