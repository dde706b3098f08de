import type { EntryId } from "../backend/protocol";

/** The interval at which the signal is repeated while the user types. */
const repeatIntervalMs = 10_000;

/** Reports that the user edits one of their messages that waits to be sent, so that it waits for the end of the edit. */
export class EditSignal {
  readonly #send: (id: EntryId, on: boolean) => void;
  #editing: EntryId | undefined;
  /** By a clock that never goes back, unlike the wall clock. */
  #lastSent = 0;

  constructor(send: (id: EntryId, on: boolean) => void) {
    this.#send = send;
  }

  /** Begins to report the edit of a message. That of another one ends. */
  start(id: EntryId): void {
    if (this.#editing !== id) this.stop();
    this.#editing = id;
    this.#report(id);
  }

  onInput(): void {
    if (this.#editing !== undefined && performance.now() - this.#lastSent >= repeatIntervalMs)
      this.#report(this.#editing);
  }

  /** Reports the end of the edit: it was saved or canceled, or its message was sent as it is. */
  stop(): void {
    if (this.#editing !== undefined) this.#send(this.#editing, false);
    this.#editing = undefined;
  }

  #report(id: EntryId): void {
    this.#lastSent = performance.now();
    this.#send(id, true);
  }
}
