import type { EntryId, MemberId } from "../backend/protocol";
import type { ChosenMention } from "./chosen-mentions";
import type { Item } from "./fold";
import { messageText } from "./message-text";
import type { Clock } from "../shared/clock.svelte";
import { timeOfId } from "../shared/ids";
import type { KeyValueStorage } from "../shared/storage";

/** A change of a message that is not saved yet. */
export interface DraftEdit {
  of: EntryId;
  /** The text of the message when the edit began, and the members whom it mentioned. */
  original: string;
  originallyChosen?: readonly ChosenMention[];
  text: string;
  chosen?: readonly ChosenMention[];
}

/** The unsent text of a room. */
export interface DraftContent {
  text: string;
  replyTo?: EntryId;
  /** The members whom the user has chosen by names that others have, too. */
  chosen?: readonly ChosenMention[];
  /** An edit that is under way. It interrupts the draft and leaves it as it was. */
  edit?: DraftEdit;
}

interface StoredDraft extends DraftContent {
  /** The time of the last change, by this device's clock. Of two tabs the newer change wins. */
  at: number;
}

const empty: StoredDraft = { text: "", at: 0 };

/** The draft of one room: the only owner of its text, in all tabs of a browser. */
export class Draft {
  readonly #key: string;
  readonly #storage: KeyValueStorage;
  #content: StoredDraft = $state.raw(empty);
  /** `true` if it was changed in another page last, which may have ended between sending it and storing that. */
  #restored = true;

  constructor(key: string, storage: KeyValueStorage) {
    this.#key = key;
    this.#storage = storage;
    this.#content = read(storage, key);
  }

  get content(): DraftContent {
    return this.#content;
  }

  /** The text in the composer: that of the edit which is under way, or else that of the draft. */
  get shownText(): string {
    return this.#content.edit?.text ?? this.#content.text;
  }

  /** `true` if its text is lost when the page ends. */
  get isOnlyInMemory(): boolean {
    return this.isWaiting && (this.#storage.isOnlyInMemory?.(this.#key) ?? false);
  }

  /** `true` if the draft contains text that waits to be sent. */
  get isWaiting(): boolean {
    return this.#content.text.trim() !== "" || this.#content.edit !== undefined;
  }

  set(content: DraftContent): void {
    this.#replace(content);
    this.#store();
  }

  /**
   * Replaces the draft by what is left of it, because the rest is being sent, and stores that when the message or edit is
   * stored. Should the page end in between, the text is not lost.
   */
  async send(stored: Promise<unknown>, rest: DraftContent): Promise<void> {
    this.#replace(rest);
    const sent = this.#content;
    await stored.catch(() => undefined);
    if (this.#content === sent) this.#store();
  }

  /** Takes over what another tab has stored since, if that is newer. */
  refresh(): void {
    const stored = read(this.#storage, this.#key);
    if (stored.at <= this.#content.at) return;
    this.#content = stored;
    this.#restored = true;
  }

  /**
   * Empties a draft that was restored although it had been sent, as after a crash: a later message of its author begins
   * with its text. (The last letters may not have been stored.) Ids have the server's time, so that a draft of a device whose
   * clock is slow isn't taken for older than the messages before it.
   */
  dropIfSent(messages: Iterable<Item>, author: MemberId, clock: Clock): void {
    const { text, at: changed, edit, ...rest } = this.#content;
    if (!this.#restored) return;
    if (edit) {
      const isSaved = ({ id, text: now }: Item) =>
        id === edit.of && now !== edit.original && now === messageText(edit.text);
      if ([...messages].some(isSaved)) this.set({ ...rest, text });
      return;
    }
    const written = messageText(text);
    if (written === "") return;
    const at = clock.serverTime(changed);
    for (const message of messages) {
      const isLater = message.author === author && message.isMessage && (timeOfId(message.id) ?? 0) >= at;
      if (isLater && message.text.startsWith(written)) return this.set({ text: "" });
    }
  }

  #replace(content: DraftContent): void {
    this.#restored = false;
    // The clock may have been set back.
    this.#content = { ...content, at: Math.max(Date.now(), this.#content.at + 1) };
  }

  #store(): void {
    // An empty draft is stored as well: its time shows other tabs that it is newer.
    this.#storage.set(this.#key, JSON.stringify(this.#content));
  }
}

/** The drafts of all rooms, stored on this device so that closing the window doesn't lose them. */
export class Drafts {
  readonly #storage: KeyValueStorage;
  readonly #drafts = new Map<string, Draft>();

  constructor(storage: KeyValueStorage) {
    this.#storage = storage;
    storage.onExternalChange?.(() => {
      for (const draft of this.#drafts.values()) draft.refresh();
    });
  }

  of(server: string, room: string): Draft {
    const key = keyOf(server, room);
    const known = this.#drafts.get(key);
    if (known) return known;
    const draft = new Draft(key, this.#storage);
    this.#drafts.set(key, draft);
    return draft;
  }

  /** `true` if a text is lost when the page ends. */
  get areOnlyInMemory(): boolean {
    return [...this.#drafts.values()].some((draft) => draft.isOnlyInMemory);
  }

  /** Forgets the drafts of a server that the user has forgotten. */
  forget(server: string, rooms: Iterable<{ id: string }>): void {
    for (const { id } of rooms) {
      const key = keyOf(server, id);
      this.#drafts.delete(key);
      this.#storage.set(key, null);
    }
  }
}

const keyOf = (server: string, room: string) => `draft ${server} ${room}`;

function read(storage: KeyValueStorage, key: string): StoredDraft {
  try {
    const stored = JSON.parse(storage.get(key) ?? "null") as Partial<StoredDraft> | null;
    return typeof stored?.text === "string" ? { ...stored, text: stored.text, at: Number(stored.at) || 0 } : empty;
  } catch {
    return empty;
  }
}
