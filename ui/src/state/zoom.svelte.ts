import type { ZoomControl } from "../backend";
import type { KeyValueStorage } from "../shared/storage";

/** The offered sizes, as browsers have them. */
export const zoomFactors = [0.5, 0.67, 0.75, 0.8, 0.9, 1, 1.1, 1.25, 1.5, 1.75, 2, 2.5, 3] as const;

/** The size of the whole interface, for a back end whose window has no zoom of its own. It is remembered. */
export class Zoom {
  readonly #control: ZoomControl;
  readonly #storage: KeyValueStorage;
  #factor: number = $state(1);

  constructor(control: ZoomControl, storage: KeyValueStorage) {
    this.#control = control;
    this.#storage = storage;
    const stored = Number(storage.get("zoom") ?? 1);
    if (stored !== 1 && zoomFactors.some((factor) => factor === stored)) this.factor = stored;
  }

  get factor(): number {
    return this.#factor;
  }
  set factor(factor: number) {
    this.#factor = factor;
    this.#storage.set("zoom", factor === 1 ? null : String(factor));
    this.#control.set(factor);
  }

  /** Makes everything larger or smaller by one step. At the ends it does nothing. */
  step(direction: 1 | -1): void {
    const next = zoomFactors[zoomFactors.findIndex((factor) => factor === this.#factor) + direction];
    if (next !== undefined) this.factor = next;
  }

  reset(): void {
    this.factor = 1;
  }

  /** Zooms by the mouse wheel with Ctrl. */
  onWheel(event: WheelEvent): void {
    if (!event.ctrlKey || event.deltaY === 0) return;
    event.preventDefault();
    this.step(event.deltaY < 0 ? 1 : -1);
  }
}
