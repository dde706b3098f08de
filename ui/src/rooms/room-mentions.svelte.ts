import { type Body, type Entry, type EntryId, type Member, type MemberId, type Name } from "../backend/protocol";
import { nameMarks, type NameMark } from "../people/confusables";
import { mentionsIn } from "../text/found-mentions";
import { ListedMentions, MentionFinder } from "../text/mentions";
import { chosenAt, type ChosenMention } from "./chosen-mentions";
import type { Item } from "./fold";

/** The part of a message that decides whom its text mentions. */
type MentioningText = Pick<Item, "mentions"> & Partial<Pick<Item, "at" | "editedAt">>;

/** The part of a room that its mentions use. */
export interface MentionsContext {
  me(): MemberId;
  /** Returns the members as the room's log names them, also those who have left. */
  members(): readonly Member[];
  /** Returns the name under which a member is online now. */
  nameOf(member: MemberId): Name | undefined;
  /** Returns a message, in the log or not. */
  findMessage(id: EntryId): Item | undefined;
}

/** The mentions in a room's texts, and the member who is meant by a name that several have. */
export class RoomMentions {
  readonly #context: MentionsContext;

  /** Includes former members, whose messages are still shown. */
  readonly #nameMarks = $derived.by(() =>
    nameMarks(this.#context.members().map(({ id, name, since }) => ({ id, name: this.#nameOf(id, name), since }))),
  );
  /** The present members. Of several people with one name the one who is meant comes first: who had it first, or the user. */
  readonly #mentionable = $derived.by(() => {
    const me = this.#context.me();
    const present = this.#context.members().filter(({ left }) => !left);
    const people = present.map(({ id, name }) => ({ id, name: this.#nameOf(id, name) }));
    const order = (id: MemberId) => (this.#nameMarks.get(id)?.taken ? 2 : 0) + (id === me ? 0 : 1);
    return people.sort((a, b) => order(a.id) - order(b.id));
  });
  /** The times from which the members have had their names. */
  readonly #since = $derived.by(() => new Map(this.#context.members().map(({ id, since }) => [id, since])));
  readonly #memberFinder = $derived(new MentionFinder(this.#mentionable));

  constructor(context: MentionsContext) {
    this.#context = context;
  }

  /** Returns the mark of a member whose name can be confused with another member's. */
  nameMarkOf(member: MemberId): NameMark | undefined {
    return this.#nameMarks.get(member);
  }

  /** Returns the member whom a mention by this name means. */
  mentionedBy(name: Name): MemberId | undefined {
    return this.#memberFinder.begin().at(`@${name}`, 0)?.member;
  }

  /**
   * Returns a finder of the mentions in a message: those that it lists, otherwise the names that members had when it was
   * written. A name that somebody takes later doesn't change it.
   */
  finderFor({ mentions, at = Infinity, editedAt = at }: MentioningText): MentionFinder {
    return mentions ? new ListedMentions(mentions) : this.#finderAt(editedAt);
  }

  #finderAt(time: number): MentionFinder {
    return this.#memberFinder.among((member) => (this.#since.get(member) ?? 0) <= time);
  }

  /** Lists the members whom a text mentions. An edit keeps the mentions of members who are called something else now. */
  addTo(body: Body, chosen: readonly ChosenMention[]): Body {
    if ((body.kind !== "message" && body.kind !== "edit") || body.mentions || !body.text.includes("@")) return body;
    const before = body.kind === "edit" ? (this.#context.findMessage(body.of)?.mentions ?? []) : [];
    const listed = [...chosen, ...before].map(({ member, name }) => ({ id: member, name, exact: true }));
    const finder = listed.length > 0 ? new MentionFinder([...listed, ...this.#mentionable]) : this.#memberFinder;
    const mentions = mentionsIn(body.text, finder, ({ name, at, member }) => chosenAt(chosen, name, at) ?? member);
    return mentions.length > 0 ? { ...body, mentions } : body;
  }

  /**
   * Returns whether a message, or an edit of one, mentions the user. Before the room was opened, of its members only the user
   * is known.
   */
  mentionsMe({ body, at }: Entry): boolean {
    if ((body.kind !== "message" && body.kind !== "edit") || !body.text.includes("@")) return false;
    const me = this.#context.me();
    if (body.mentions) return body.mentions.some(({ member }) => member === me);
    const name = this.#context.nameOf(me);
    const onlyKnowsMe = this.#context.members().length === 0 && name !== undefined;
    const finder = onlyKnowsMe ? new MentionFinder([{ id: me, name }]) : this.#finderAt(at);
    return mentionsIn(body.text, finder).some(({ member }) => member === me);
  }

  /** Returns the name under which a member is online now, otherwise that in the log. */
  #nameOf(member: MemberId, logged: Name): Name {
    return this.#context.nameOf(member) ?? logged;
  }
}
