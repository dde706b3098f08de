/** The interval at which the signal is repeated while the user types, and the pause after which it stops. */
const repeatIntervalMs = 3000;
const idleTimeoutMs = 5000;

/** Reports that the user types, with a rate limit instead of once per key, and stops after a pause. */
export class TypingSignal {
  readonly #send: (on: boolean) => void;
  /** By a clock that never goes back, unlike the wall clock. */
  #lastSent: number | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(send: (on: boolean) => void) {
    this.#send = send;
  }

  onInput(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.stop(), idleTimeoutMs);
    const now = performance.now();
    if (this.#lastSent !== null && now - this.#lastSent < repeatIntervalMs) return;
    this.#lastSent = now;
    this.#send(true);
  }

  stop(): void {
    clearTimeout(this.#timer);
    if (this.#lastSent === null) return;
    this.#lastSent = null;
    this.#send(false);
  }
}
