import { type AmendingBody, isAmending, propertiesOf, targetOf } from "../backend/entry-kinds";
import { canonicalEmoji } from "../backend/emoji";
import type { Body, Entry, EntryId, MemberId, Mention, Seq } from "../backend/protocol";

/** A line of the timeline: an entry with the changes that later entries made to it. */
export interface Item {
  seq: Seq;
  id: EntryId;
  author: MemberId;
  at: number;
  body: Body;
  /** `true` if it is shown as a message, which has actions, and not as a system entry. */
  isMessage: boolean;
  replyTo?: EntryId;
  /** The text to show: that of the newest edit. */
  text: string;
  /** The mentions that go with the text. A client that lists none leaves it to the reader to look for names. */
  mentions?: readonly Mention[];
  edited: boolean;
  /** The time of the newest edit. */
  editedAt?: number;
  deleted: boolean;
  reactions: Reaction[];
  /** The user's own change that the server has not accepted yet, or has refused. */
  pending?: PendingChange;
}

export interface PendingChange {
  id: EntryId;
  body: Body;
  error?: string;
}

export interface Reaction {
  emoji: string;
  members: MemberId[];
}

/** The changes to one entry. Adding them is idempotent and does not depend on their order of arrival. */
interface Changes {
  edit?: { seq: Seq; at: number; text: string; mentions?: readonly Mention[] };
  deleted: boolean;
  reactions: Map<string, Map<MemberId, { seq: Seq; on: boolean }>>;
}

/** Collects amendments by their target, and folds them into items. */
export class Amendments {
  readonly #changes = new Map<EntryId, Changes>();

  /** Adds an amendment and returns its target. Returns null for an entry that amends nothing. */
  add({ body, seq, author, at }: Entry): EntryId | null {
    if (!isAmending(body)) return null;
    const target = targetOf(body);
    let changes = this.#changes.get(target);
    if (!changes) {
      changes = { deleted: false, reactions: new Map() };
      this.#changes.set(target, changes);
    }
    switch (body.kind) {
      case "edit":
        if (seq > (changes.edit?.seq ?? 0)) changes.edit = { seq, at, text: body.text, mentions: body.mentions };
        break;
      case "delete":
        changes.deleted = true;
        break;
      case "react": {
        // Entries from before the server had this rule may have another form of the emoji.
        const emoji = canonicalEmoji(body.emoji) ?? body.emoji;
        const byMember = changes.reactions.get(emoji) ?? new Map<MemberId, { seq: Seq; on: boolean }>();
        if (seq > (byMember.get(author)?.seq ?? 0)) byMember.set(author, { seq, on: body.on });
        changes.reactions.set(emoji, byMember);
        break;
      }
      default:
        body satisfies never;
    }
    return target;
  }

  /**
   * Folds the amendments into an entry. Returns null for an entry that the timeline does not show. A wiped entry was a
   * message if an amendment deletes it, otherwise an edit of a deleted message.
   */
  item({ seq, id, author, at, body }: Entry): Item | null {
    const { inTimeline, isTarget } = propertiesOf(body);
    if (!inTimeline) return null;
    const changes = this.#changes.get(id);
    const deleted = changes?.deleted ?? false;
    if (body.kind === "wiped" && !deleted) return null;
    const message = body.kind === "message" && !deleted ? body : undefined;
    return {
      seq,
      id,
      author,
      at,
      body,
      isMessage: isTarget || deleted,
      replyTo: message?.reply_to,
      text: deleted ? "" : (changes?.edit?.text ?? message?.text ?? ""),
      mentions: deleted ? undefined : changes?.edit ? changes.edit.mentions : message?.mentions,
      edited: changes?.edit !== undefined && !deleted,
      editedAt: deleted ? undefined : changes?.edit?.at,
      deleted,
      reactions: deleted || !changes ? [] : reactionsOf(changes),
    };
  }

  /** Forgets the oldest amendments of entries for which `isLoaded` is false, until at most `max` targets are left. */
  trim(isLoaded: (id: EntryId) => boolean, max: number): void {
    if (this.#changes.size <= max) return;
    for (const id of this.#changes.keys()) {
      if (this.#changes.size <= max) return;
      if (!isLoaded(id)) this.#changes.delete(id);
    }
  }

  clear(): void {
    this.#changes.clear();
  }
}

function reactionsOf(changes: Changes): Reaction[] {
  const reactions: Reaction[] = [];
  for (const [emoji, byMember] of changes.reactions) {
    const members = [...byMember].filter(([, { on }]) => on).map(([member]) => member);
    if (members.length > 0) reactions.push({ emoji, members });
  }
  return reactions;
}

/** Returns an item with the user's own amendment applied, before the server has accepted it. */
export function applyChange(item: Item, body: AmendingBody, me: MemberId): Item {
  switch (body.kind) {
    case "edit":
      return { ...item, text: body.text, mentions: body.mentions, edited: true };
    case "delete":
      return { ...item, text: "", mentions: undefined, deleted: true, reactions: [] };
    case "react":
      return { ...item, reactions: react(item.reactions, body.emoji, body.on, me) };
  }
}

function react(reactions: readonly Reaction[], emoji: string, on: boolean, me: MemberId): Reaction[] {
  const changed = reactions.map((reaction) => {
    if (reaction.emoji !== emoji) return reaction;
    const others = reaction.members.filter((member) => member !== me);
    return { ...reaction, members: on ? [...others, me] : others };
  });
  if (on && !changed.some((reaction) => reaction.emoji === emoji)) changed.push({ emoji, members: [me] });
  return changed.filter(({ members }) => members.length > 0);
}
