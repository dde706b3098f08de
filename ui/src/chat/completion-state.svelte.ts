import type { PlacedMention } from "../text/found-mentions";
import { complete, type Completion, type Completions, type Vocabulary } from "./completion";
import { emojiNames, shortcodeBefore } from "./emoji-names.svelte";
import { replacement, type TextEdit } from "./text-edits";

/** The text field in which words are completed. */
export interface CompletedField {
  readonly text: string;
  /** The position of the caret, or null while there is a selection or no field. */
  readonly caret: number | null;
  readonly vocabulary: Vocabulary;
  /** Changes the text as if the user had typed it. */
  apply(edit: TextEdit): void;
  /** Keeps the accepted person for this place: others may have, have had or take the same name. */
  chooseMention(choice: PlacedMention): void;
}

/** The list of suggestions at the caret, and the chosen one. */
export class CompletionState {
  readonly #field: CompletedField;
  #completions: Completions | null = $state.raw(null);
  #selected = $state(-1);
  /** `true` if the user has moved to the selected suggestion. */
  #isChosen = false;
  /** The text and the caret that suggestions were made for last. Null once the list was closed. */
  #updatedFor: Pick<CompletedField, "text" | "caret"> | null = null;
  /** The position of the word whose list the user has closed. */
  #closedAt: number | null = null;

  constructor(field: CompletedField) {
    this.#field = field;
  }

  /** Null while the list is closed. */
  get completions() {
    return this.#completions;
  }
  /** The index of the suggestion that Enter accepts, or -1: one that was chosen, or that the word means. */
  get selected() {
    return this.#selected;
  }

  /** Suggests what the word at the caret can become, because it is another one now. */
  update(): void {
    const { text, caret } = this.#field;
    if (caret === null) return this.close();
    this.#updatedFor = { text, caret };
    this.#complete(text, caret);
    this.#select(-1);
    if (text.includes(":") && !emojiNames.areLoaded) void this.#loadEmojiNames();
  }

  /**
   * Suggests what the same word can become now that the vocabulary has grown. The selected suggestion stays selected. A list
   * that was closed, because the field has lost the focus or an input method composes, stays closed.
   */
  refresh(): void {
    const { text, caret } = this.#field;
    if (caret === null || this.#updatedFor?.text !== text || this.#updatedFor.caret !== caret) return;
    const selected = this.#completions?.found[this.#selected];
    this.#complete(text, caret);
    const found = this.#completions?.found ?? [];
    this.#select(selected ? found.findIndex((completion) => keyOf(completion) === keyOf(selected)) : -1);
  }

  close(): void {
    this.#completions = null;
    this.#updatedFor = null;
  }

  /** Closes the list and forgets where the user has closed it, because the text is another one now. */
  reset(): void {
    this.close();
    this.#closedAt = null;
  }

  /** Makes a shortcode that was typed in full an emoji. Undo brings it back. */
  replaceShortcode(): void {
    const { text, caret } = this.#field;
    if (caret === null) return;
    const found = shortcodeBefore(text, caret);
    const emoji = found && emojiNames.all.get(found.name);
    if (found && emoji) this.#field.apply(replacement(text, found.from, caret, emoji));
  }

  /** Replaces the word by a suggestion. */
  accept({ text, label, member }: Completion): void {
    if (!this.#completions) return;
    const { from, to } = this.#completions;
    // A blank that is there already isn't doubled.
    const blank = text.endsWith(" ") && this.#field.text[to] === " " ? 1 : 0;
    this.#field.apply(replacement(this.#field.text, from, to + blank, text));
    if (member !== undefined) this.#field.chooseMention({ member, name: label, at: from });
    this.close();
  }

  /**
   * Handles a key while the list is open. Returns `false` if it is not for the list. On a touch screen Enter starts a new line
   * and accepts only what was chosen.
   */
  handleKey(event: KeyboardEvent, enterSends: boolean): boolean {
    const { ctrlKey, metaKey, altKey, shiftKey } = event;
    if (!this.#completions || ctrlKey || metaKey || altKey || shiftKey) return false;
    const { found } = this.#completions;
    switch (event.key) {
      case "ArrowDown":
        this.#choose((this.#selected + 1) % found.length);
        return true;
      case "ArrowUp":
        this.#choose((Math.max(this.#selected, 0) + found.length - 1) % found.length);
        return true;
      case "Tab":
        return this.#acceptIfFound(found[Math.max(this.#selected, 0)]);
      case "Enter":
        return (enterSends || this.#isChosen) && this.#acceptIfFound(found[this.#selected]);
      case "Escape":
        this.#closedAt = this.#completions.from;
        this.close();
        return true;
      default:
        return false;
    }
  }

  #acceptIfFound(completion: Completion | undefined): boolean {
    if (completion) this.accept(completion);
    return completion !== undefined;
  }

  #complete(text: string, caret: number): void {
    const completions = complete(text, caret, this.#field.vocabulary);
    if (completions?.from !== this.#closedAt) this.#closedAt = null;
    this.#completions = this.#closedAt === null ? completions : null;
  }

  /** Selects a suggestion, or with -1 the one that the word means. */
  #select(index: number): void {
    if (index < 0) this.#isChosen = false;
    this.#selected = index < 0 ? (this.#completions?.meant ?? -1) : index;
  }

  #choose(index: number): void {
    this.#selected = index;
    this.#isChosen = true;
  }

  /** Loads all names of emoji, and suggests them if the user hasn't gone on. */
  async #loadEmojiNames(): Promise<void> {
    await emojiNames.load();
    if (emojiNames.areLoaded) this.refresh();
  }
}

/** Returns what makes a suggestion the same one in another list. */
const keyOf = ({ member, room, label }: Completion): string => member ?? room ?? label;
