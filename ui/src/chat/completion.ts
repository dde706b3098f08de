import { emoji } from "../shared/emoji";

/** A suggestion for the word at the caret. */
export interface Completion {
  /** The text of the list's option. */
  label: string;
  /** The text that replaces the word. */
  text: string;
}

/** The suggestions for the word that spans `from..to` in the text. */
export interface Completions {
  from: number;
  to: number;
  found: Completion[];
}

const maxCompletions = 8;

/** Returns suggestions for a word before the caret that starts with `@`, `#` or `:`, or null if there are none. */
export function complete(text: string, caret: number, people: string[], rooms: string[]): Completions | null {
  const match = /(?:^|[\s(])([@#:])([^\s@#:]*)$/u.exec(text.slice(0, caret));
  const prefix = match?.[1];
  const typed = match?.[2];
  if (!prefix || typed === undefined) return null;
  // Lower case can have another length.
  const from = caret - typed.length - 1;
  const word = typed.toLocaleLowerCase();
  const found = prefix === ":" ? emojiFor(word) : namesFor(prefix, word, prefix === "@" ? people : rooms);
  return found.length > 0 ? { from, to: caret, found: found.slice(0, maxCompletions) } : null;
}

function emojiFor(word: string): Completion[] {
  // A single colon or a typed smiley must not open the list.
  if (word.length < 2) return [];
  const matches = emoji.filter(([, name]) => name.includes(word));
  const rank = (name: string) => (name.startsWith(word) ? 0 : 1);
  return matches.sort((a, b) => rank(a[1]) - rank(b[1])).map(([text, name]) => ({ label: `${text} :${name}`, text }));
}

function namesFor(prefix: string, word: string, names: string[]): Completion[] {
  const startsWithWord = (name: string) => name.toLocaleLowerCase().startsWith(word);
  const containsWord = (name: string) => name.toLocaleLowerCase().includes(word);
  const matches = [
    ...names.filter(startsWithWord),
    ...names.filter((name) => !startsWithWord(name) && containsWord(name)),
  ];
  return [...new Set(matches)].map((name) => ({ label: name, text: `${prefix}${name} ` }));
}
