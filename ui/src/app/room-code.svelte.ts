import type { Component, ComponentProps } from "svelte";
import type RoomView from "../chat/RoomView.svelte";
import { lazyComponents } from "./lazy";

/** The code of the open room, which is loaded while the connection is being made: the first screen doesn't need it. */
export class RoomCode {
  #component: Component<ComponentProps<typeof RoomView>> | null = $state.raw(null);
  #hasFailed = $state(false);
  #isLoading = false;

  /** Null until it is loaded. */
  get component() {
    return this.#component;
  }

  /** `true` if it could not be loaded, until the next attempt. */
  get hasFailed() {
    return this.#hasFailed;
  }

  load(): void {
    if (this.#isLoading || this.#component) return;
    this.#isLoading = true;
    this.#hasFailed = false;
    lazyComponents
      .room()
      .then(
        ({ default: component }) => (this.#component = component),
        () => (this.#hasFailed = true),
      )
      .finally(() => (this.#isLoading = false));
  }
}
