import { untrack } from "svelte";

/** Something that a component has opened over the room and that Back closes, such as the dialog of a message. */
interface Layer {
  name: string;
  close: () => void;
}

/** The layers of components, in the order in which they were opened. */
export class Layers {
  #open: readonly Layer[] = $state.raw([]);
  /** Names differ between pages, because the session history still has those from before a reload. */
  readonly #page = Math.random().toString(36).slice(2);
  #count = 0;

  get names(): readonly string[] {
    return this.#open.map(({ name }) => name);
  }

  /** Adds a layer that has been opened. Call the returned function when it is closed. */
  add(close: () => void): () => void {
    const layer = { name: `layer:${this.#page}:${this.#count++}`, close };
    // An effect that adds a layer must not depend on the others.
    untrack(() => (this.#open = [...this.#open, layer]));
    return () => untrack(() => (this.#open = this.#open.filter((other) => other !== layer)));
  }

  /** Closes the layers that aren't listed. */
  keepOnly(names: readonly string[]): void {
    const closed = this.#open.filter(({ name }) => !names.includes(name));
    this.#open = this.#open.filter(({ name }) => names.includes(name));
    for (const { close } of closed.reverse()) close();
  }
}
