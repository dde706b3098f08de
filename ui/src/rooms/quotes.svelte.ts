import { propertiesOf, targetOf } from "../backend/entry-kinds";
import type { Entry, EntryId } from "../backend/protocol";
import type { Item } from "./fold";

/** The quoted messages of a room: a quote is still shown after the message isn't loaded any more. */
export class Quotes {
  readonly #known = new Map<EntryId, Item>();
  /** Counts the messages that were forgotten, so that their quotes are shown again. */
  #forgotten = $state(0);

  /** Remembers a quoted message, if it is loaded, and returns what is known of it. */
  find(id: EntryId, loaded: Item | undefined): Item | undefined {
    void this.#forgotten;
    if (loaded) this.#known.set(id, loaded);
    return loaded ?? this.#known.get(id);
  }

  /** Forgets the text of deleted messages, also of those that aren't loaded. */
  forgetDeleted(entries: readonly Entry[]): void {
    for (const { body } of entries) {
      const target = targetOf(body);
      const isErased = target !== null && propertiesOf(body).effect === "erase";
      if (isErased && this.#known.delete(target)) this.#forgotten++;
    }
  }

  clear(): void {
    this.#known.clear();
  }
}
