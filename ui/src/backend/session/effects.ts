/** The effects of one step. */

import type { ClientEvent } from "../protocol";
import type { Change, Effect, Update } from "../session-types";

/** A list of effects, in the order in which the driver performs them. */
export class Effects {
  readonly all: Effect[] = [];

  push(effect: Effect): void {
    this.all.push(effect);
  }

  emit(event: ClientEvent): void {
    this.push({ effect: "emit", ...event });
  }

  /** Returns the events that are sent. */
  emitted(): ClientEvent[] {
    return this.all.filter((effect) => effect.effect === "emit").map(({ effect: _, ...event }) => event);
  }

  save(change: Change): void {
    this.push({ effect: "save", ...change });
  }

  notify(update: Update): void {
    this.push({ effect: "notify", ...update });
  }
}
