/** The interval at which the signal is repeated while the user types, and the pause after which it stops. */
const repeatIntervalMs = 3000;
const idleTimeoutMs = 5000;

/** Reports that the user types, with a rate limit instead of once per key, and stops after a pause. */
export class TypingSignal {
  #lastSent = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly send: (on: boolean) => void) {}

  onInput(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.stop(), idleTimeoutMs);
    const now = Date.now();
    if (now - this.#lastSent < repeatIntervalMs) return;
    this.#lastSent = now;
    this.send(true);
  }

  stop(): void {
    clearTimeout(this.#timer);
    if (this.#lastSent === 0) return;
    this.#lastSent = 0;
    this.send(false);
  }
}
