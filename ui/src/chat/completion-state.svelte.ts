import { complete, type Completion, type Completions, type Vocabulary } from "./completion";

/** The list of suggestions at the caret, and the chosen one. */
export class CompletionState {
  #completions: Completions | null = $state.raw(null);
  #selected = $state(-1);
  /** The position of the word whose list the user has closed. */
  #closedAt: number | null = null;

  /** Null while the list is closed. */
  get completions() {
    return this.#completions;
  }
  /** The index of the suggestion that Enter accepts, or -1: one that was chosen, or that the word means. */
  get selected() {
    return this.#selected;
  }

  update(text: string, caret: number, vocabulary: Vocabulary): void {
    const completions = complete(text, caret, vocabulary);
    if (completions?.from !== this.#closedAt) this.#closedAt = null;
    this.#completions = this.#closedAt === null ? completions : null;
    this.#selected = this.#completions?.meant ?? -1;
  }

  close(): void {
    this.#completions = null;
  }

  /** Closes the list and forgets where the user has closed it, because the text is another one now. */
  reset(): void {
    this.close();
    this.#closedAt = null;
  }

  /**
   * Handles a key while the list is open. Returns the suggestion that the key accepts, `true` if it did something else, or
   * `false` if it is not for the list. On a touch screen Enter starts a new line and accepts only what was chosen.
   */
  handleKey(event: KeyboardEvent, enterSends: boolean): Completion | boolean {
    const { ctrlKey, metaKey, altKey, shiftKey } = event;
    if (!this.#completions || ctrlKey || metaKey || altKey || shiftKey) return false;
    const { found, meant } = this.#completions;
    switch (event.key) {
      case "ArrowDown":
        this.#selected = (this.#selected + 1) % found.length;
        return true;
      case "ArrowUp":
        this.#selected = (Math.max(this.#selected, 0) + found.length - 1) % found.length;
        return true;
      case "Tab":
        return found[Math.max(this.#selected, 0)] ?? false;
      case "Enter":
        return !enterSends && this.#selected === meant ? false : (found[this.#selected] ?? false);
      case "Escape":
        this.#closedAt = this.#completions.from;
        this.close();
        return true;
      default:
        return false;
    }
  }
}
