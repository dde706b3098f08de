import type { RoomState } from "../rooms/room-state.svelte";
import type { ServerState } from "../servers/server-state.svelte";

/** A dialog over the whole interface. Only one is open at a time. */
export type Overlay =
  | { kind: "find" }
  | { kind: "settings" }
  | { kind: "shortcuts" }
  | { kind: "switcher" }
  | { kind: "quit" }
  | { kind: "stop" }
  | { kind: "create"; server: ServerState }
  | { kind: "browse"; server: ServerState }
  | { kind: "change"; server: ServerState; room: RoomState }
  | { kind: "leave"; server: ServerState; room: RoomState }
  | { kind: "forget"; server: ServerState };

/** The most overlays that are remembered, so that Forward opens them again. */
const maxRemembered = 20;

/** The open overlay. Each has a name, under which the session history can open it again. */
export class Overlays {
  #current: Overlay | null = $state.raw(null);
  /** The overlays that were open, by their names, the latest last. Those of a server or a room get a number. */
  readonly #named = new Map<string, Overlay>();
  #count = 0;

  get current(): Overlay | null {
    return this.#current;
  }
  set current(overlay: Overlay | null) {
    this.#current = overlay;
    if (overlay === null || this.#nameOf(overlay) !== undefined) return;
    const name = `overlay:${"server" in overlay ? `${overlay.kind}:${this.#count++}` : overlay.kind}`;
    this.#named.delete(name);
    this.#named.set(name, overlay);
    const [oldest] = this.#named.keys();
    if (this.#named.size > maxRemembered && oldest !== undefined) this.#named.delete(oldest);
  }

  get name(): string | null {
    return this.#current === null ? null : (this.#nameOf(this.#current) ?? null);
  }

  /** Opens the overlay that is listed, or none. */
  show(names: readonly string[]): void {
    this.#current = names.map((name) => this.#named.get(name)).find((overlay) => overlay !== undefined) ?? null;
  }

  #nameOf(overlay: Overlay): string | undefined {
    for (const [name, named] of this.#named) if (named === overlay) return name;
    return undefined;
  }
}
