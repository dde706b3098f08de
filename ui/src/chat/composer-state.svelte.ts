import type { EntryId } from "../backend/protocol";
import { afterChange, chosenAt, mentionsOf, movedBy, withChoice, type ChosenMention } from "../rooms/chosen-mentions";
import type { Item } from "../rooms/fold";
import type { PlacedMention } from "../text/found-mentions";
import { messageText } from "../rooms/message-text";
import type { RoomState } from "../rooms/room-state.svelte";
import { wellFormed } from "../shared/well-formed";
import type { Draft, DraftContent, DraftEdit, Drafts } from "../rooms/drafts.svelte";

/** The text in a room's composer: a new message, a reply, or an edit of one of the user's messages. */
export class ComposerState {
  readonly room: RoomState;
  readonly #draft: Draft;
  /** The changed edit that was canceled last, and what the draft was right after that. */
  #canceled: { edit: DraftEdit; left: DraftContent } | undefined;
  #focusRequests = $state(0);
  // These change only with the message, not with each letter.
  readonly #replyTo = $derived.by(() => this.#draft.content.replyTo);
  readonly #editing = $derived.by(() => this.#draft.content.edit?.of);

  constructor(server: string, room: RoomState, drafts: Drafts) {
    this.room = room;
    this.#draft = drafts.of(server, room.id);
  }

  get text() {
    return this.#draft.shownText;
  }
  set text(text: string) {
    this.change(text);
  }

  /** Changes the text. `caret` is the end of what was typed, pasted or removed. */
  change(text: string, caret?: number): void {
    const typed = wellFormed(text);
    const chosen = afterChange(this.#chosen ?? [], this.text, typed, caret);
    this.#replaceText(typed, chosen.length > 0 ? chosen : undefined);
  }

  /** The message that the draft answers. */
  get replyTo(): EntryId | undefined {
    return this.#replyTo;
  }
  /** The message that is being edited. */
  get editing(): EntryId | undefined {
    return this.#editing;
  }
  /** The same, if the message waits to be sent. One that is in the log doesn't, whether it is loaded or not. */
  get waitingEdit(): EntryId | undefined {
    const { editing } = this;
    return editing !== undefined && this.room.pendingMessage(editing) ? editing : undefined;
  }
  /** A counter that increases whenever the composer should get the focus. */
  get focusRequests() {
    return this.#focusRequests;
  }

  /** Remembers the person whom the user has chosen from the suggestions. */
  chooseMention(choice: PlacedMention): void {
    this.#replaceText(this.text, withChoice(this.#chosen ?? [], choice));
  }

  /** Begins a reply. Returns `false` if an edit must be finished first, because its text would be lost. */
  reply(item: Item): boolean {
    this.requestFocus();
    if (!this.#mayReplaceEdit) return false;
    const { edit: _, ...draft } = this.#draft.content;
    this.#draft.set({ ...draft, replyTo: item.id });
    return true;
  }

  /** Begins an edit, or continues it. Returns `false` if another edit must be finished first, because its text would be lost. */
  edit(item: Item): boolean {
    this.requestFocus();
    if (this.editing === item.id) return true;
    if (!this.#mayReplaceEdit) return false;
    const mentions = mentionsOf(item);
    const chosen = mentions.length > 0 ? { originallyChosen: mentions, chosen: mentions } : {};
    this.#draft.set({ ...this.#draft.content, edit: { of: item.id, original: item.text, text: item.text, ...chosen } });
    return true;
  }

  /** Makes a withdrawn message the draft. Returns `false` if there is another draft, which would be lost. */
  takeBack(item: Item): boolean {
    const { text, edit } = this.#draft.content;
    if (text.trim() !== "" || (edit && edit.of !== item.id)) return false;
    const { replyTo } = item;
    const chosen = edit ? (edit.chosen ?? []) : mentionsOf(item);
    const taken = { text: edit?.text ?? item.text, ...(replyTo ? { replyTo } : {}) };
    this.#draft.set(chosen.length > 0 ? { ...taken, chosen } : taken);
    this.requestFocus();
    return true;
  }

  /** Cancels the edit of a message that is being deleted. */
  stopEditing(item: Item): void {
    if (this.editing === item.id) this.#stopEditing();
  }

  /**
   * Makes the changed text of an edit the draft, below another draft, because its message has been deleted meanwhile, or isn't on
   * the server: it may wait in another tab. Returns which of them it is, or null if there is no such edit.
   */
  recoverEdit(): "deleted" | "missing" | null {
    const { edit, ...draft } = this.#draft.content;
    if (edit && this.room.findMessage(edit.of)?.deleted) {
      const changed = isChanged(edit);
      this.#draft.set(changed ? withText(draft, edit.text, edit.chosen) : draft);
      return changed ? "deleted" : null;
    }
    const [refused, ...others] = this.room.takeOrphanedEdits();
    if (!refused) return null;
    for (const body of [refused, ...others])
      this.#draft.set(withText(this.#draft.content, body.text, mentionsOf(body)));
    return this.room.findMessage(refused.of) ? "deleted" : "missing";
  }

  requestFocus(): void {
    this.#focusRequests += 1;
  }

  /** Cancels the edit if there is one, otherwise the reply. Returns `"changed"` if `undoCancel` can take up a changed edit again. */
  cancel(): "changed" | "unchanged" | "nothing" {
    const { edit, replyTo, ...rest } = this.#draft.content;
    if (edit) {
      this.#stopEditing();
      if (!isChanged(edit)) return "unchanged";
      this.#canceled = { edit, left: this.#draft.content };
      return "changed";
    }
    if (replyTo === undefined) return "nothing";
    this.#draft.set(rest);
    return "unchanged";
  }

  /** `true` if the last thing that happened to the draft is that a changed edit was canceled. */
  get hasJustCanceled(): boolean {
    return this.#canceled !== undefined && this.#canceled.left === this.#draft.content;
  }

  /** Takes up a changed edit that was canceled. Returns `false` if another must be finished first, because its text would be lost. */
  undoCancel(): boolean {
    this.requestFocus();
    if (!this.#mayReplaceEdit) return false;
    const edit = this.#canceled?.edit;
    if (edit) this.#draft.set({ ...this.#draft.content, edit });
    this.#canceled = undefined;
    return true;
  }

  /** `true` if an edit has left nothing of its message. */
  get isEmptiedEdit(): boolean {
    return this.editing !== undefined && messageText(this.text) === "";
  }

  /** Sends the message, or saves the edit. Returns `false` if the text is empty. */
  send(): boolean {
    const { text, chosen } = sentText(this.text, this.#chosen);
    if (text === "") return false;
    const { edit, ...draft } = this.#draft.content;
    if (!edit) void this.#draft.send(this.room.send(text, draft.replyTo, chosen), { text: "" });
    else if (!isChanged(edit)) this.#draft.set(draft);
    else void this.#draft.send(this.room.post({ kind: "edit", of: edit.of, text }, chosen), draft);
    return true;
  }

  /** Empties a restored draft that turns out to have been sent. */
  dropSentDraft(): void {
    const { items, pendingMessages } = this.room;
    this.#draft.dropIfSent([...items, ...pendingMessages.map(({ item }) => item)], this.room.me, this.room.clock);
  }

  #replaceText(text: string, chosen: readonly ChosenMention[] | undefined): void {
    const { edit, chosen: _, ...draft } = this.#draft.content;
    const changed = chosen ? { text, chosen } : { text };
    if (edit) {
      const { text: _, chosen: __, ...message } = edit;
      this.#draft.set({ ...this.#draft.content, edit: { ...message, ...changed } });
    } else this.#draft.set({ ...draft, ...changed });
  }

  get #chosen(): readonly ChosenMention[] | undefined {
    const { edit, chosen } = this.#draft.content;
    return edit ? edit.chosen : chosen;
  }

  /** `true` unless an edit is under way that has changed something, which would be lost. */
  get #mayReplaceEdit(): boolean {
    const { edit } = this.#draft.content;
    return edit === undefined || !isChanged(edit);
  }

  #stopEditing(): void {
    const { edit: _, ...draft } = this.#draft.content;
    this.#draft.set(draft);
  }
}

/** Returns whether saving an edit would change its message: the text, or whom it mentions. */
function isChanged(edit: DraftEdit): boolean {
  const original = sentText(edit.original, edit.originallyChosen);
  const { text, chosen } = sentText(edit.text, edit.chosen);
  return text !== original.text || mentionsOthers(text, chosen, original.chosen);
}

/** Returns whether others are chosen in a text than before. */
function mentionsOthers(text: string, chosen: readonly ChosenMention[], before: readonly ChosenMention[]): boolean {
  return chosen.some(({ name, at, member }) =>
    // A choice without a place may count wherever its name is.
    at === undefined ? text.includes(`@${name}`) : chosenAt(before, name, at) !== member,
  );
}

/** Returns a text as it is sent, with the choices at their places in it. */
function sentText(written: string, chosen: readonly ChosenMention[] = []) {
  const text = messageText(written);
  return { text, chosen: movedBy(chosen, -written.indexOf(text)) };
}

/** Returns a draft with a text below what it has. An edit that is under way stays. */
function withText(draft: DraftContent, added: string, chosen: readonly ChosenMention[] = []): DraftContent {
  const above = draft.text.trim() === "" ? "" : `${draft.text.trimEnd()}\n\n`;
  const mentions = [...(draft.chosen ?? []), ...movedBy(chosen, above.length)];
  return { ...draft, text: above + added, ...(mentions.length > 0 ? { chosen: mentions } : {}) };
}
