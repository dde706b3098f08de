/** How often it is said anew while somebody goes on typing, and after which pause it is taken back; milliseconds. */
const again = 3000;
const pause = 5000;

/** Says that somebody types, not at every key, and says when they stop. */
export class TypingSignal {
  #said = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly say: (on: boolean) => void) {}

  typed(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.stop(), pause);
    const now = Date.now();
    if (now - this.#said < again) return;
    this.#said = now;
    this.say(true);
  }

  stop(): void {
    clearTimeout(this.#timer);
    if (this.#said === 0) return;
    this.#said = 0;
    this.say(false);
  }
}
