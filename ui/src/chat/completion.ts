import { emoji } from "../shared/emoji";

export interface Completion {
  /** What stands in the list. */
  label: string;
  /** What takes the place of what was typed. */
  text: string;
}

export interface Completing {
  /** Where in the text the word begins that is being completed. */
  from: number;
  to: number;
  found: Completion[];
}

const most = 8;

/** What `@`, `#` or `:` before the caret may become. */
export function complete(text: string, caret: number, people: string[], rooms: string[]): Completing | null {
  const begun = /(?:^|[\s(])([@#:])([^\s@#:]*)$/u.exec(text.slice(0, caret));
  const sign = begun?.[1];
  const word = begun?.[2]?.toLocaleLowerCase();
  if (!sign || word === undefined) return null;
  const from = caret - word.length - 1;
  const found = sign === ":" ? emojiFor(word) : namesFor(sign, word, sign === "@" ? people : rooms);
  return found.length > 0 ? { from, to: caret, found: found.slice(0, most) } : null;
}

function emojiFor(word: string): Completion[] {
  // A single colon or a smiley typed by hand opens no list.
  if (word.length < 2) return [];
  const named = emoji.filter(([, name]) => name.includes(word));
  const first = (name: string) => (name.startsWith(word) ? 0 : 1);
  return named.sort((a, b) => first(a[1]) - first(b[1])).map(([text, name]) => ({ label: `${text} :${name}`, text }));
}

function namesFor(sign: string, word: string, names: string[]): Completion[] {
  const starts = (name: string) => name.toLocaleLowerCase().startsWith(word);
  const inside = (name: string) => name.toLocaleLowerCase().includes(word);
  const fitting = [...names.filter(starts), ...names.filter((name) => !starts(name) && inside(name))];
  return fitting.map((name) => ({ label: name, text: `${sign}${name} ` }));
}
