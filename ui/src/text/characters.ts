/**
 * Classes of characters. The rules of emphasis follow CommonMark 0.30 and its amendment for Chinese, Japanese and Korean
 * (https://github.com/tats-u/markdown-cjk-friendly), in which words have no spaces around them.
 */

const whitespace = /\s/u;
const punctuation = /[\p{P}$+<=>^`|~]/u;
const letterOrNumber = /[\p{L}\p{N}\p{M}]/u;
const digit = /\p{Nd}/u;
const cjk =
  /[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{scx=Hangul}\p{scx=Bopomofo}\p{scx=Yi}\u3000-\u303F\uFE30-\uFE4F\uFF00-\uFFEF]/u;
const openingBracket = /[\p{Ps}\p{Pi}¿¡]/u;
const closingBracket = /[\p{Pe}\p{Pf}]/u;
const opening = /[\p{Ps}\p{Pi}"'¿¡*_~|`–—]/u;
const closing = /[\p{Pe}\p{Pf}"'.,:;!?…*_~|`–—]/u;
const latin = /[\p{scx=Latin}\p{Nd}]/u;
/** The scripts in which words such as "and" and "the" are prefixes: Arabic and Hebrew. */
const prefixing = /[\p{scx=Arabic}\p{scx=Hebrew}]/u;
/** The scripts whose words are not separated by spaces. */
const unspaced =
  /[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{scx=Hangul}\p{scx=Thai}\p{scx=Lao}\p{scx=Khmer}\p{scx=Myanmar}]/u;

/* eslint-disable-next-line no-control-regex -- the range is ASCII */
export const isAscii = (text: string): boolean => /^[\x00-\x7F]*$/.test(text);

/** Returns whether the character is white space, or missing because the text begins or ends there. */
export const isWhitespace = (char: string): boolean => char === "" || whitespace.test(char);
export const isPunctuation = (char: string): boolean => punctuation.test(char);
export const isLetterOrNumber = (char: string): boolean => letterOrNumber.test(char);
export const isDigit = (char: string): boolean => digit.test(char);
/** Returns whether the character is a letter of the Latin alphabet or a digit. */
export const isLatin = (char: string): boolean => latin.test(char);
/** Returns whether a word may begin after the character, though it is a letter: it ends a prefix, or its script is another one. */
export const mayEndPrefix = (before: string, after: string): boolean =>
  prefixing.test(before) || isLatin(before) !== isLatin(after);
export const isCjk = (char: string): boolean => cjk.test(char);
/** Returns whether a word can begin right after the character: an opening bracket, a quotation mark, a dash. */
export const isOpening = (char: string): boolean => opening.test(char);
/** Returns whether a word can end right before the character. */
export const isClosing = (char: string): boolean => closing.test(char);

/** Returns whether two characters enclose what is between them, such as `(` and `)`. */
export const isEnclosing = (before: string, after: string): boolean =>
  openingBracket.test(before) ? closingBracket.test(after) : before === after && (before === '"' || before === "'");

/** Returns whether a word continues across the place between two characters. */
export const isInsideWord = (before: string, after: string): boolean =>
  isLetterOrNumber(before) && isLetterOrNumber(after) && !unspaced.test(before) && !unspaced.test(after);

/** Returns the character that ends before an index, or an empty string at the beginning. */
export function charBefore(text: string, index: number): string {
  if (index <= 0) return "";
  const unit = text.charCodeAt(index - 1);
  return unit >= 0xdc00 && unit <= 0xdfff && index > 1 ? text.slice(index - 2, index) : text.charAt(index - 1);
}

/** Returns the character that begins at an index, or an empty string at the end. */
export function charAt(text: string, index: number): string {
  const point = text.codePointAt(index);
  return point === undefined ? "" : String.fromCodePoint(point);
}
