import type { EntryId } from "../backend/protocol";

/** The interval at which the signal is repeated while the user types. */
const repeatIntervalMs = 10_000;

/** Reports that the user edits a message that is not in the log, so that it waits for the edit. */
export class EditSignal {
  readonly #send: (id: EntryId, on: boolean) => void;
  #editing: EntryId | undefined;
  /** By a clock that never goes back, unlike the wall clock. */
  #lastSent = 0;

  constructor(send: (id: EntryId, on: boolean) => void) {
    this.#send = send;
  }

  start(id: EntryId): void {
    if (this.#editing !== id) this.stop();
    this.#editing = id;
    this.#report(id);
  }

  onInput(): void {
    if (this.#editing !== undefined && performance.now() - this.#lastSent >= repeatIntervalMs)
      this.#report(this.#editing);
  }

  stop(): void {
    if (this.#editing !== undefined) this.#send(this.#editing, false);
    this.#editing = undefined;
  }

  #report(id: EntryId): void {
    this.#lastSent = performance.now();
    this.#send(id, true);
  }
}
