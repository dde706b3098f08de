/** Presence: the people who are online or away. */

import type { MemberId, Person } from "../protocol";
import type { Effects } from "./effects";
import { sortedEntries } from "./order";

/** A bound on the people that a hostile server can make the client keep. */
const maxPeople = 20_000;

/** The people who are online or away. */
export class OnlinePeople {
  readonly #people = new Map<MemberId, Person>();
  #changed = false;

  update(people: readonly Person[]): void {
    for (const person of people) {
      this.#changed = true;
      if (person.availability === "offline") this.#people.delete(person.id);
      else if (this.#people.size < maxPeople || this.#people.has(person.id)) this.#people.set(person.id, person);
    }
  }

  /** Returns the people who are online or away. */
  ids(): Iterable<MemberId> {
    return this.#people.keys();
  }

  /** Forgets everyone: presence is unknown without a connection. */
  clear(): void {
    this.#changed ||= this.#people.size > 0;
    this.#people.clear();
  }

  markChanged(): void {
    this.#changed = true;
  }

  notifyChanges(effects: Effects): void {
    if (!this.#changed) return;
    this.#changed = false;
    effects.notify({ update: "presence", people: sortedEntries(this.#people).map(([, person]) => person) });
  }
}
