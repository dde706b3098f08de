import type { Seq } from "../backend/protocol";
import { addressOf, isSamePlace, isSameRoom, type Place, placeOf } from "../state/place";

/** The part of the browser's session history that the router uses. */
export interface SessionHistory {
  readonly state: unknown;
  readonly fragment: string;
  push(state: Step, fragment: string): void;
  replace(state: Step, fragment: string): void;
  go(delta: number): void;
}

/** The part of the interface that has addresses. */
export interface Places {
  /** The open place, or null while there is none yet. */
  readonly place: Place | null;
  /** The entry at the top of the viewport, or null at the present. */
  readonly reading: Seq | null;
  exists(place: Place): boolean;
  /** Opens a place that was addressed, at what was being read there, or else at the addressed message. */
  show(place: Place, reading: Seq | null): void;
}

/** The layers that are open over a place: the drawer, a panel, dialogs. */
export interface OpenLayers {
  readonly layers: readonly string[];
  /** Opens and closes layers. Those that can't be opened again stay closed. */
  setLayers(layers: readonly string[]): void;
}

/** A step of the session history. Its state is stored by the browser, and survives a reload. */
export interface Step {
  index: number;
  place: Place;
  layers: readonly string[];
  reading: Seq | null;
}

/** The time after which the router no longer waits for a step that the browser was told to make. */
const traversalTimeoutMs = 1_000;
/** The time until which a busy browser may still make that step. A later one is the user's own. */
const lateTraversalMs = 10_000;

/**
 * Keeps the session history in step with the interface, so that Back and Forward work. A room or message that was opened
 * is a step, and so is each layer. Closing a layer goes back, or its step becomes that of the room that was chosen in it,
 * so that no step does nothing.
 */
export class Router {
  readonly #places: Places;
  readonly #openLayers: OpenLayers;
  readonly #history: SessionHistory;
  /** The steps of this page, by index. Those from before a reload are unknown. */
  readonly #steps: (Step | undefined)[] = [];
  #index = 0;
  /** The index to which the router itself is going at the moment. The browser does so later, and reports it. */
  #destination: number | null = null;
  #leftAt = 0;
  /** Set once the router has stopped waiting for a step, until the browser reports it. */
  #isOverdue = false;
  /** The layers that were open before the page was reloaded. */
  #reopened: readonly string[] | null = null;

  constructor(places: Places, openLayers: OpenLayers, history: SessionHistory) {
    this.#places = places;
    this.#openLayers = openLayers;
    this.#history = history;
    const step = stepOf(history.state);
    this.#index = step?.index ?? 0;
    if (step) this.#steps[step.index] = step;
    if (step && step.layers.length > 0) this.#reopened = step.layers;
  }

  /** Returns true while the browser may still make a step for which the router no longer waits. */
  get #isLate(): boolean {
    return this.#isOverdue && Date.now() - this.#leftAt <= lateTraversalMs;
  }

  /** Returns the place that the page was opened at. */
  get initialPlace(): Place | null {
    return placeOf(this.#history.fragment);
  }

  /** Makes the session history agree with the interface. Call it after every change of the place or the layers. */
  sync(): void {
    const { place } = this.#places;
    if (this.#destination !== null && Date.now() - this.#leftAt > traversalTimeoutMs) {
      this.#destination = null;
      this.#isOverdue = true;
    }
    if (this.#destination !== null || place === null) return;
    if (this.#reopened) return this.#reopen(this.#reopened);
    const { layers } = this.#openLayers;
    const current = this.#steps[this.#index];
    if (!current) return this.#replace(place, layers);
    const closed = current.layers.filter((layer) => !layers.includes(layer)).length;
    const opened = layers.some((layer) => !current.layers.includes(layer));
    const moved = !isSamePlace(place, current.place);
    if (!moved && closed === 0 && !opened) return;
    // A message that the user has left behind is no step, and neither is a room that is no longer there.
    const isReplaced = !this.#places.exists(current.place) || (isSameRoom(place, current.place) && place.seq === null);
    if (closed === 0 && (opened || !isReplaced)) {
      // A room that is chosen in a layer replaces the layer's step, and Back leads to this one.
      if (!moved) this.keepReading();
      return this.#push(place, layers);
    }
    // A browser that is late would go back twice. Once it has done so, the steps are compared again.
    if (this.#isLate) return this.#replace(place, layers);
    for (let back = 1; back <= Math.max(1, closed); back++) {
      const step = this.#steps[this.#index - back];
      if (step && isSamePlace(step.place, place) && isSameList(step.layers, layers)) return this.#go(-back);
    }
    // Where a room was chosen in a dialog over the drawer, the drawer's step is the one to replace.
    const back = this.#stepsSinceOpened(layers);
    if (back > 0) this.#go(-back);
    else this.#replace(place, layers);
  }

  /** Remembers what is being read in the current step. Call it before the interface moves to another place. */
  keepReading(): void {
    const step = this.#steps[this.#index];
    if (!step || this.#destination !== null || step.reading === this.#places.reading) return;
    this.#store({ ...step, reading: this.#places.reading }, false);
  }

  /** Follows the browser to another step, or to an address that the user has typed. */
  onPopState(state: unknown): void {
    const isLate = this.#isLate;
    const destination = this.#destination;
    this.#destination = null;
    this.#isOverdue = false;
    const step = stepOf(state);
    if (!step) return this.#onTyped();
    const previous = this.#steps[this.#index];
    this.#index = step.index;
    this.#steps[step.index] = step;
    if (step.index !== destination && !isLate) {
      if (!previous || !isSamePlace(step.place, previous.place)) this.#places.show(step.place, step.reading);
      return this.#reopen(step.layers);
    }
    this.sync();
  }

  /** Returns the number of steps since the first of the layers of the current step was opened that are closed now. */
  #stepsSinceOpened(open: readonly string[]): number {
    const current = this.#steps[this.#index];
    let back = 0;
    for (;;) {
      const step = this.#steps[this.#index - back - 1];
      if (!current || !step || !isSamePlace(step.place, current.place)) return back;
      if (!step.layers.some((layer) => current.layers.includes(layer) && !open.includes(layer))) return back;
      back += 1;
    }
  }

  /** Opens the layers of the current step. If one can't be opened again, the step is none any more. */
  #reopen(layers: readonly string[]): void {
    this.#reopened = null;
    this.#openLayers.setLayers(layers);
    if (!isSameList(this.#openLayers.layers, layers) && this.#index > 0) this.#go(-1);
    else this.sync();
  }

  #onTyped(): void {
    const place = placeOf(this.#history.fragment);
    this.#index += 1;
    this.#steps.length = this.#index;
    if (place) {
      this.#openLayers.setLayers([]);
      this.#places.show(place, null);
    }
    const shown = place ?? this.#places.place;
    if (shown) this.#replace(shown, this.#openLayers.layers);
  }

  #push(place: Place, layers: readonly string[]): void {
    this.#index += 1;
    this.#steps.length = this.#index;
    this.#store({ index: this.#index, place, layers: [...layers], reading: null }, true);
  }

  #replace(place: Place, layers: readonly string[]): void {
    this.#store({ index: this.#index, place, layers: [...layers], reading: null }, false);
  }

  #store(step: Step, isNew: boolean): void {
    this.#steps[step.index] = step;
    if (isNew) this.#history.push(step, addressOf(step.place));
    else this.#history.replace(step, addressOf(step.place));
  }

  #go(delta: number): void {
    this.#destination = this.#index + delta;
    this.#isOverdue = false;
    this.#leftAt = Date.now();
    this.#history.go(delta);
  }
}

/** The page's own session history. */
export const browserHistory: SessionHistory = {
  get state() {
    return history.state as unknown;
  },
  get fragment() {
    return location.hash;
  },
  push: (state, fragment) => history.pushState(state, "", fragment),
  replace: (state, fragment) => history.replaceState(state, "", fragment),
  go: (delta) => history.go(delta),
};

/** Returns the step that a state of the session history contains, or null for that of another page. */
function stepOf(state: unknown): Step | null {
  const isStep = typeof state === "object" && state !== null && "index" in state && "layers" in state;
  return isStep ? (state as Step) : null;
}

function isSameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, i) => item === b[i]);
}
