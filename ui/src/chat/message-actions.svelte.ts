import type { EntryId } from "../backend/protocol";
import type { AppState } from "../state/app-state.svelte";
import type { Toast } from "../state/toasts.svelte";
import { findShortcut, type MessageShortcut, messageShortcuts } from "../shared/keyboard";
import type { Item } from "../rooms/fold";
import type { RoomState } from "../rooms/room-state.svelte";
import type { ServerState } from "../servers/server-state.svelte";
import { copyText } from "../shared/clipboard";
import { hasMouse } from "../shared/input-devices";
import { strings } from "../shared/strings";
import { date, dayOf } from "../shared/time";
import type { ComposerState } from "./composer-state.svelte";

/** A dialog about a message, or about the day whose heading was clicked. */
type MessageDialog =
  | { kind: "menu"; item: Item; anchor: HTMLElement }
  | { kind: "react"; item: Item; anchor: HTMLElement }
  | { kind: "delete"; item: Item }
  | { kind: "withdraw"; item: Item }
  | { kind: "date"; day: number };

/** The actions on messages, by mouse, by finger and by key, and the state of their dialogs. */
export class MessageActions {
  readonly server: ServerState;
  readonly room: RoomState;
  readonly #app: AppState;
  readonly #composer: ComposerState;
  /** The keys of the long messages that are shown as a whole. */
  #unfolded: ReadonlySet<string> = $state.raw(new Set());
  #dialog: MessageDialog | null = $state.raw(null);
  #dialogClosed: () => void = () => undefined;
  /** The notice that offers to take up the changed edit that was canceled last. */
  #canceledNotice: Toast | undefined;
  #pointed: string | null = $state(null);
  #focused: string | null = $state(null);
  #byKeyboard = $state(false);
  /** `false` if the focused message was clicked, after which keys are meant for the composer. */
  #takesKeys = false;
  #clicking = false;

  constructor(app: AppState, server: ServerState, room: RoomState, composer: ComposerState) {
    this.#app = app;
    this.server = server;
    this.room = room;
    this.#composer = composer;
  }

  get dialog(): MessageDialog | null {
    return this.#dialog;
  }

  /** The key of the row with the focus, or null if it is elsewhere. */
  get focused(): string | null {
    return this.#focused;
  }

  /** The key of the row whose action bar is shown: of one row at a time, the one that was pointed at or focused last. */
  get current(): string | null {
    if (this.#byKeyboard) return this.#focused;
    // By finger, a tap opens the menu instead.
    if (!hasMouse()) return this.#pointed;
    return this.#dialog && "item" in this.#dialog ? this.#dialog.item.id : (this.#pointed ?? this.#focused);
  }

  point(key: string): void {
    this.#pointed = key;
    this.#byKeyboard = false;
  }

  unpoint(key: string): void {
    if (this.#pointed === key) this.#pointed = null;
  }

  /** Notes that the mouse or a finger is about to focus a row. */
  onMouseDown(): void {
    this.#takesKeys = false;
    this.#clicking = true;
    setTimeout(() => (this.#clicking = false));
  }

  /** Notes how an element of a row got the focus. */
  onFocus(key: string | null, byKeyboard: boolean): void {
    this.#focused = key;
    this.#byKeyboard = key !== null && byKeyboard;
    this.#takesKeys = !this.#clicking;
  }

  onBlur(): void {
    this.#focused = null;
    this.#byKeyboard = false;
  }

  open(dialog: MessageDialog): void {
    this.closeDialog();
    this.#dialog = dialog;
    this.#dialogClosed = this.#app.popups.add(() => this.closeDialog(dialog));
  }

  /** Closes a dialog, if it is still the open one: dialogs report only later that they have closed. */
  closeDialog(dialog = this.#dialog): void {
    if (dialog !== this.#dialog) return;
    this.#dialog = null;
    this.#dialogClosed();
    this.#dialogClosed = () => undefined;
  }

  isUnfolded(key: string): boolean {
    return this.#unfolded.has(key);
  }

  /** Shows a long message as a whole, or only its beginning again. */
  toggleFold(key: string): void {
    const unfolded = new Set(this.#unfolded);
    if (!unfolded.delete(key)) unfolded.add(key);
    this.#unfolded = unfolded;
  }

  isOwn(item: Item): boolean {
    return item.author === this.server.me;
  }

  /** Returns whether a message is not in the log yet: it waits, or was refused. */
  isPending(item: Item): boolean {
    return this.room.pendingMessage(item.id) !== undefined;
  }

  /** Takes back a message that is not in the log yet. It becomes the draft again, unless there is another one. */
  withdraw(item: Item): void {
    // It may have been sent since the menu was opened.
    if (!this.isPending(item)) this.open({ kind: "delete", item });
    else if (this.#composer.takeBack(item)) this.room.withdraw(item.id);
    else this.open({ kind: "withdraw", item });
  }

  /** Asks whether to delete the message whose edit has left nothing of it. */
  confirmEmptiedEdit(): void {
    const item = this.#composer.editing && this.room.findMessage(this.#composer.editing);
    if (item && !item.deleted) this.open({ kind: this.isPending(item) ? "withdraw" : "delete", item });
  }

  /** Deletes a message after the user has confirmed it. */
  delete(item: Item): void {
    this.#composer.stopEditing(item);
    if (this.isPending(item)) this.room.withdraw(item.id);
    else void this.room.post({ kind: "delete", of: item.id });
  }

  reply(item: Item): void {
    if (!this.#composer.reply(item)) this.#app.showNotice(strings.composer.finishEdit);
  }

  edit(item: Item): void {
    if (!this.#composer.edit(item)) this.#app.showNotice(strings.composer.finishEdit);
  }

  /** Cancels the edit or the reply, and offers to take up a changed edit again. Returns `false` if there was neither. */
  cancel(): boolean {
    const canceled = this.#composer.cancel();
    if (canceled === "changed") {
      this.#dismissCanceledNotice();
      const action = { label: strings.undo, run: () => this.#takeUpEdit() };
      this.#canceledNotice = this.#app.toasts.add(strings.composer.editCanceled, "notice", action);
    }
    return canceled !== "nothing";
  }

  /** Takes up a changed edit that has just been canceled. Returns `false` if something else happened last. */
  undoCancel(): boolean {
    if (!this.#composer.hasJustCanceled) return false;
    this.#takeUpEdit();
    return true;
  }

  react(item: Item, emoji: string): void {
    this.room.react(item, emoji);
  }

  async copy(item: Item): Promise<void> {
    await this.copyText(item.text);
  }

  /** Copies a link to the message, which opens it in any browser. */
  async copyLink(item: Item): Promise<void> {
    const link = this.#app.links.toMessage(this.server, this.room, item.seq);
    if (link === undefined) this.#app.showError(strings.chat.noLink);
    else await this.copyText(link);
  }

  /** Copies a text, and shows whether that worked. */
  async copyText(text: string): Promise<void> {
    if (await copyText(text)) this.#app.showNotice(strings.copied);
    else this.#app.showError(strings.notCopied);
  }

  /** Jumps to a message that is quoted, edited or answered. One that is not in the log yet is at the end. */
  async jumpToMessage(id: EntryId): Promise<void> {
    if (this.room.pendingMessage(id)) this.room.log.jumpToPresent();
    else if (!(await this.room.log.jumpToMessage(id))) this.#app.showError(strings.chat.notFound);
  }

  /** Jumps to what was written first on a day. If nothing was, jumps to what is next to it, and says so. */
  async jumpToDay(day: number): Promise<void> {
    const found = await this.room.log.jumpToTime(day);
    if (found === null) this.#app.showError(strings.chat.notLoaded);
    else if (found !== "overtaken" && dayOf(found.at) !== day)
      this.#app.showNotice(strings.chat.nothingOnDay(date(day), date(found.at)));
  }

  /**
   * Handles a key in a focused row. A shortcut that this message doesn't have does nothing, because its letter must not be
   * written. Returns `false` for other keys, and in rows without any actions.
   */
  handleKey(event: KeyboardEvent, item: Item | undefined, row: HTMLElement): boolean {
    const shortcut = this.#takesKeys ? findShortcut(messageShortcuts, event) : null;
    // Links and buttons have an Enter and a menu of their own.
    if (shortcut === null || (shortcut === "actions" && event.target !== row)) return false;
    // Where there are no actions, a letter is the beginning of a message.
    if (!item?.isMessage || item.deleted) return false;
    this.#actions(item, row)[shortcut]?.();
    return true;
  }

  #actions(item: Item, row: HTMLElement): Partial<Record<MessageShortcut, () => void>> {
    const always = {
      actions: () => this.open({ kind: "menu", item, anchor: row }),
      copyText: () => void this.copy(item),
    };
    if (this.isPending(item)) return { ...always, edit: () => this.edit(item), delete: () => this.withdraw(item) };
    const forAll = {
      ...always,
      reply: () => this.reply(item),
      react: () => this.open({ kind: "react", item, anchor: row }),
      markUnread: () => this.room.visit.markUnreadFrom(item),
    };
    if (!this.isOwn(item)) return forAll;
    return { ...forAll, edit: () => this.edit(item), delete: () => this.open({ kind: "delete", item }) };
  }

  #takeUpEdit(): void {
    // The notice outlives the visit of its room.
    if (this.#app.room !== this.room) this.#app.open(this.server.id, this.room.id);
    if (this.#composer.undoCancel()) this.#dismissCanceledNotice();
    else this.#app.showNotice(strings.composer.finishEdit);
  }

  #dismissCanceledNotice(): void {
    if (this.#canceledNotice) this.#app.toasts.dismiss(this.#canceledNotice);
    this.#canceledNotice = undefined;
  }
}
