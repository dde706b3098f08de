/** Random numbers from a seed: the same on every machine. */

export class Random {
  #state;

  /** Each step of a walk has numbers of its own, so that leaving one out doesn't change the others. */
  constructor(seed, step = 0) {
    this.#state = (Math.imul(seed, 0x9e3779b1) ^ Math.imul(step + 1, 0x85ebca6b)) >>> 0;
  }

  /** Returns a number in [0, 1) (mulberry32). */
  fraction() {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** Returns an integer from `low` to `high`, both included. */
  between(low, high) {
    return low + Math.floor(this.fraction() * (high - low + 1));
  }

  chance(probability) {
    return this.fraction() < probability;
  }

  /** Returns one of the elements, or undefined if there is none. */
  of(list) {
    return list[this.between(0, list.length - 1)];
  }

  /** Returns one of the keys of `weights`, by their weights. */
  weighted(weights) {
    const entries = Object.entries(weights);
    let rest = this.fraction() * entries.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [key, weight] of entries) {
      rest -= weight;
      if (rest < 0) return key;
    }
    return entries.at(-1)[0];
  }
}
