import type { MemberId, RoomId } from "../backend/protocol";
import { foldForSearch } from "../shared/fold-for-search";
import { graphemes } from "../shared/graphemes";
import type { Mentionable } from "../text/mentions";
import { textOfRoom } from "../text/room-links";

/** A suggestion for the word at the caret. */
export interface Completion {
  /** The text of the list's option. */
  label: string;
  /** The text that replaces the word. */
  text: string;
  /** The member whom it mentions. Several may have the same name. */
  member?: MemberId;
  /** The room that it names. */
  room?: RoomId;
  /** `true` for a room that the user isn't in. */
  isOtherRoom?: boolean;
}

/** The suggestions for the word that spans `from..to` in the text. */
export interface Completions {
  from: number;
  to: number;
  found: Completion[];
  /**
   * The index of the suggestion that Enter accepts, or -1: the one whose name the word is the unambiguous beginning of, or the
   * best emoji. After `@` and `#` people write other words, too, but not after a colon.
   */
  meant: number;
}

/** The words that can be completed. */
export interface Vocabulary {
  /** The people, the most likely one first. */
  people: readonly Mentionable[];
  /** The rooms, those that can be taken for others with a piece of their address. Those that the user is in come first. */
  rooms: readonly { id: RoomId; name: string; piece?: string | undefined; isOther?: boolean }[];
  /** The emoji by their names, best known first. */
  emoji: Iterable<readonly [name: string, emoji: string]>;
}

const maxCompletions = 8;
/** Longer words are no names. It bounds the work per key in a long paragraph. */
const maxWordLength = 96;

/** Returns suggestions for a name before the caret that starts with `@`, `#` or `:`, or null if there are none. */
export function complete(text: string, caret: number, vocabulary: Vocabulary): Completions | null {
  const word = wordBefore(text, caret);
  if (!word) return null;
  const { from, prefix, typed } = word;
  // A single colon or a typed smiley must not open the list.
  if (prefix === ":" && typed.length < 2) return null;
  const ranked = prefix === ":" ? rankEmoji(typed, vocabulary.emoji) : rankNames(prefix, typed, vocabulary);
  const found = ranked.map(({ completion }) => completion).slice(0, maxCompletions);
  if (found.length === 0) return null;
  const isMeant = prefix === ":" ? meansEmoji(ranked) : typed !== "" && meansName(ranked);
  return { from, to: caret, found, meant: isMeant ? 0 : -1 };
}

/** Returns whether a word can only be the beginning of the first name. A whole name needs no suggestion. */
function meansName(ranked: readonly Ranked[]): boolean {
  const [first, second] = ranked;
  return first?.rank === Rank.Beginning && second?.rank !== Rank.Beginning;
}

/** Returns whether a word is meant as an emoji: one of their names begins like it, or there is only one. */
function meansEmoji(ranked: readonly Ranked[]): boolean {
  return ranked.length === 1 || (ranked[0]?.rank ?? Rank.Inside) <= Rank.Beginning;
}

/** Returns what is typed of a person's name before the caret, or "" for nothing. */
export function typedName(text: string, caret: number): string {
  const word = wordBefore(text, caret);
  return word?.prefix === "@" ? word.typed.trim() : "";
}

/** Returns whether a room's name is typed before the caret. */
export const typesRoom = (text: string, caret: number): boolean => wordBefore(text, caret)?.prefix === "#";

/** Returns the word with its prefix that a caret ends. A name may contain blanks, but only what follows decides that. */
function wordBefore(text: string, caret: number) {
  const before = text.slice(Math.max(0, caret - maxWordLength), caret);
  const match = /(?:^|[\s(])([@#:])([^@#:\n]*)$/u.exec(before);
  const prefix = match?.[1];
  const typed = match?.[2];
  if (!prefix || typed === undefined || /^\s/u.test(typed)) return null;
  if (prefix === ":" && /\s/u.test(typed)) return null;
  const from = caret - typed.length - 1;
  // The sign may be a part of an emoji (`#️⃣`).
  const [first] = graphemes(text.slice(from, from + 16));
  if (first !== prefix) return null;
  return { from, prefix, typed };
}

/** The fit of a word and a name: the better, the lower. */
enum Rank {
  Whole,
  Beginning,
  WordBeginning,
  Inside,
}

interface Ranked {
  completion: Completion;
  rank: Rank;
}

/** A suggestion of somebody or something with a name. */
type Named = Omit<Completion, "label"> & { name: string };

function rankNames(prefix: string, typed: string, { people, rooms }: Vocabulary): Ranked[] {
  const word = foldForSearch(typed);
  const named: Named[] =
    prefix === "@"
      ? people.map(({ id, name }) => ({ name, text: `@${name} `, member: id }))
      : rooms.map(({ id, name, piece, isOther }) => ({
          name,
          text: `${textOfRoom(name, piece)} `,
          room: id,
          ...(isOther && { isOtherRoom: true }),
        }));
  const ranked = named.flatMap(({ name, ...completion }): Ranked[] => {
    const rank = rankOf(foldForSearch(name), word);
    return rank === null ? [] : [{ completion: { label: name, ...completion }, rank }];
  });
  if (!/\s/u.test(typed)) return byRank(ranked);
  // After a blank it is a name only if one begins like that. A whole name with a blank after it has ended.
  const hasEnded = /\s$/u.test(typed) && named.some(({ name }) => foldForSearch(name) === word.trimEnd());
  return hasEnded ? [] : byRank(ranked.filter(({ rank }) => rank <= Rank.Beginning));
}

/** Returns the emoji that fit words best, each with the name that fits. */
export function findEmoji(words: string, emoji: Vocabulary["emoji"], max: number): [emoji: string, name: string][] {
  const found = rankEmoji(words.trim().replace(/\s+/g, "_"), emoji);
  return found.slice(0, max).map(({ completion }) => [completion.text, completion.label.split(":")[1] ?? ""]);
}

function rankEmoji(typed: string, emoji: Vocabulary["emoji"]): Ranked[] {
  const word = typed.toLowerCase();
  const ranked = new Map<string, Ranked>();
  for (const [name, text] of emoji) {
    const rank = rankOf(name, word);
    const known = ranked.get(text);
    if (rank === null || (known && known.rank <= rank)) continue;
    ranked.set(text, { completion: { label: `${text} :${name}:`, text }, rank });
  }
  return byRank([...ranked.values()]);
}

/** Sorts by rank, and within a rank keeps the order. */
const byRank = (ranked: Ranked[]): Ranked[] => ranked.sort((a, b) => a.rank - b.rank);

function rankOf(name: string, word: string): Rank | null {
  if (name === word) return Rank.Whole;
  const at = name.indexOf(word);
  if (at <= 0) return at === 0 ? Rank.Beginning : null;
  return /[\s_-]/u.test(name[at - 1] ?? "") ? Rank.WordBeginning : Rank.Inside;
}
