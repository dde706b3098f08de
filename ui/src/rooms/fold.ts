import type { Body, Entry, EntryId, MemberId, Seq } from "../backend/protocol";

/** One line of the timeline: an entry with everything that later entries made of it. */
export interface Item {
  seq: Seq;
  id: EntryId;
  author: MemberId;
  at: number;
  body: Body;
  /** The text to show: the newest version. */
  text: string;
  edited: boolean;
  deleted: boolean;
  reactions: Reaction[];
  /** An amendment of one's own that the server doesn't have yet, or refused. */
  pending?: Pending;
}

export interface Pending {
  id: EntryId;
  body: Body;
  error?: string;
}

export interface Reaction {
  emoji: string;
  members: MemberId[];
}

/** What later entries did to one entry. Folding is idempotent, and the order of arrival doesn't matter. */
interface Amendment {
  edit?: { seq: Seq; text: string };
  deleted: boolean;
  reactions: Map<string, Map<MemberId, { seq: Seq; on: boolean }>>;
}

/** The entry that a body amends, if it amends one. */
export function target(body: Body): EntryId | null {
  if (body.kind === "edit" || body.kind === "delete") return body.of;
  if (body.kind === "react") return body.to;
  return null;
}

/** Collects amendments by their target, and makes items of entries with them. */
export class Amendments {
  readonly #of = new Map<EntryId, Amendment>();

  /** Notes an amendment; returns its target, or null for an entry that amends nothing. */
  add(entry: Entry): EntryId | null {
    const { body, seq, author } = entry;
    const id = target(body);
    if (id === null) return null;
    let known = this.#of.get(id);
    if (!known) {
      known = { deleted: false, reactions: new Map() };
      this.#of.set(id, known);
    }
    if (body.kind === "delete") known.deleted = true;
    if (body.kind === "edit" && seq > (known.edit?.seq ?? 0)) known.edit = { seq, text: body.text };
    if (body.kind === "react") {
      const votes = known.reactions.get(body.emoji) ?? new Map<MemberId, { seq: Seq; on: boolean }>();
      if (seq > (votes.get(author)?.seq ?? 0)) votes.set(author, { seq, on: body.on });
      known.reactions.set(body.emoji, votes);
    }
    return id;
  }

  /**
   * The entry as it is to be shown, or null if it is not a line of its own. A wiped entry was a message only if
   * somebody deleted it; else it was an edit of one.
   */
  item(entry: Entry): Item | null {
    const { seq, id, author, at, body } = entry;
    if (target(body) !== null) return null;
    const known = this.#of.get(id);
    const deleted = known?.deleted ?? false;
    if (body.kind === "wiped" && !deleted) return null;
    const original = body.kind === "message" ? body.text : "";
    return {
      seq,
      id,
      author,
      at,
      body,
      text: deleted ? "" : (known?.edit?.text ?? original),
      edited: known?.edit !== undefined && !deleted,
      deleted,
      reactions: deleted || !known ? [] : chips(known),
    };
  }

  /** Forgets the oldest amendments of what `held` doesn't know any more, down to `most`. */
  trim(held: (id: EntryId) => boolean, most: number): void {
    if (this.#of.size <= most) return;
    for (const id of this.#of.keys()) {
      if (this.#of.size <= most) return;
      if (!held(id)) this.#of.delete(id);
    }
  }

  clear(): void {
    this.#of.clear();
  }
}

function chips(known: Amendment): Reaction[] {
  const shown: Reaction[] = [];
  for (const [emoji, votes] of known.reactions) {
    const members = [...votes].filter(([, vote]) => vote.on).map(([member]) => member);
    if (members.length > 0) shown.push({ emoji, members });
  }
  return shown;
}

/** The item with one more amendment laid over it, before the server has it. */
export function overlay(item: Item, body: Body, me: MemberId): Item {
  if (body.kind === "edit") return { ...item, text: body.text, edited: true };
  if (body.kind === "delete") return { ...item, text: "", deleted: true, reactions: [] };
  if (body.kind !== "react") return item;
  const others = (reaction: Reaction) => reaction.members.filter((member) => member !== me);
  const reactions = item.reactions.map((reaction) =>
    reaction.emoji === body.emoji
      ? { ...reaction, members: body.on ? [...others(reaction), me] : others(reaction) }
      : reaction,
  );
  if (body.on && !reactions.some((reaction) => reaction.emoji === body.emoji)) {
    reactions.push({ emoji: body.emoji, members: [me] });
  }
  return { ...item, reactions: reactions.filter((reaction) => reaction.members.length > 0) };
}
