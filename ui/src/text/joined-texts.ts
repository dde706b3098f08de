/** The rule for a link whose text continues in the text next to it, so that both could be taken for something else. */

import { countMentions, differenceFrom, lookOf, type IsRoom } from "./deceptive-links";
import { hostOrRecipients, isMail, recipientsOf } from "./mail-recipients";
import {
  addressesIn,
  capitalizedEndings,
  mailsIn,
  unspacedEndings,
  withoutMails,
  withoutPaths,
} from "./written-addresses";

/** The text of a link, and what is right before and after it: up to white space, also that of other links. */
export interface JoinedText {
  before: string;
  text: string;
  after: string;
}

/**
 * Returns the address to show beside a link because its text and the text around it could together be taken for another
 * address, or for a mention or a room: `[bank](https://evil.com).com`. What is wrong in one of them alone doesn't count.
 */
export function addressToShowAmong(
  { before, text, after }: JoinedText,
  href: string,
  isRoom: IsRoom,
): string | undefined {
  const target = new URL(href);
  const parts = [before, text, after].map(lookOf);
  const whole = lookOf(joinWords(joinWords(before, text), after));
  const newInWhole = <T>(find: (text: string) => T[], key: (found: T) => string) => {
    const known = new Set(parts.flatMap(find).map(key));
    return find(whole).filter((found) => !known.has(key(found)));
  };
  const mentionCount = (look: string) => countMentions(withoutPaths(look), isRoom);
  const hasMention = mentionCount(whole) > parts.reduce((sum, part) => sum + mentionCount(part), 0);
  const webAddresses = (look: string) => addressesIn(isMail(target) ? withoutMails(look) : look);
  const addresses = newInWhole(webAddresses, ({ address }) => address);
  const recipients = recipientsOf(target).map((mail) => mail.toLowerCase());
  // What stands before the address of a mail, as in `Ada/ada@example.com`, doesn't hide it.
  const isOther = (mail: string) => !recipients.some((recipient) => mail.toLowerCase().endsWith(recipient));
  const deceives =
    hasMention ||
    (isMail(target)
      ? addresses.length > 0 || newInWhole(mailsIn, (mail) => mail).some(isOther)
      : addresses.some((written) => differenceFrom(written, target) === "host"));
  return deceives ? hostOrRecipients(target) : undefined;
}

/** Joins two texts as they are read: with a blank where a word ends, although nobody has typed one there. */
function joinWords(first: string, second: string): string {
  return first + (endsWord(first, second) ? " " : "") + second;
}

/** Returns whether a sentence ends between two texts, or a Latin word stands beside a script that has no blanks. */
function endsWord(first: string, second: string): boolean {
  if (startsWithEnding.test(second)) return false;
  const [, dot = "", start = ""] = /^([.。．]?)(.{0,4})/su.exec(second) ?? [];
  if (dot !== "" || /[.。．]$/u.test(first)) return /^\p{Lu}\p{Ll}/u.test(start) || unspacedStart.test(start);
  return (
    (/[a-z0-9]$/i.test(first) && unspacedStart.test(start)) || (unspacedEnd.test(first) && /^[a-z0-9]/i.test(start))
  );
}

const startsWithEnding = new RegExp(`^(?:[.。．]?${capitalizedEndings}|[.。．]${unspacedEndings})`, "u");
const unspaced = "[\\p{sc=Han}\\p{sc=Hiragana}\\p{sc=Katakana}\\p{sc=Hangul}\\p{sc=Thai}]";
const unspacedStart = new RegExp(`^${unspaced}`, "u");
const unspacedEnd = new RegExp(`${unspaced}$`, "u");
