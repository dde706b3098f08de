/** Where a step puts its effects. */

import type { ClientEvent } from "../protocol";
import type { Change, Effect, Update } from "../session-types";

export class Out {
  readonly effects: Effect[] = [];

  emit(event: ClientEvent): void {
    this.effects.push({ effect: "emit", ...event });
  }

  save(change: Change): void {
    this.effects.push({ effect: "save", ...change });
  }

  up(update: Update): void {
    this.effects.push({ effect: "notify", ...update });
  }
}
