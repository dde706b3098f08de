/** Addresses as people write them in a text. */

import { asciiHost } from "./mail-recipients";

/** An address of the web, with or without a scheme. */
export interface WrittenAddress {
  /** The address without the punctuation of the sentence. */
  address: string;
  hasScheme: boolean;
  /** `true` if an ellipsis stands for the end of the path. */
  isShortened: boolean;
}

const label = "[\\p{L}\\p{N}](?:[\\p{L}\\p{N}\\p{M}-]{0,62}[\\p{L}\\p{N}\\p{M}])?";
const domain = `(?:${label}\\.){1,10}\\p{L}[\\p{L}\\p{M}]{1,62}`;
const ipv4 = "\\d{1,3}(?:\\.\\d{1,3}){3}";
const userInfo = "[^\\s/?#@:()[\\]<>\"'“”‘’]{1,64}@";
const port = ":\\d+";
/** A host without a dot, which only its port shows to be one. */
const bareHost = "(?:localhost:\\d{2,5}|localhost(?=/)|[a-z][a-z0-9-]{0,62}:\\d{4,5})(?!\\d)";
const ipv6 = "\\[(?=[^\\]]*:[^\\]]*:)[0-9a-f:.]{2,45}\\](?::\\d+)?";
/** The user, host and port behind a scheme: such a host may have no dot. */
const authority = '\\[[0-9a-f:.]+\\](?::\\d+)?|[^\\s/\\\\?#(),;<>[\\]"“”]+';
/** A path, in which brackets come in pairs. */
const path = '[/?#](?:[^\\s()<>"“”]|\\([^\\s()<>"“”]*\\))*';

const written = new RegExp(
  `(?:[a-z][a-z0-9+.-]{1,15}://(${authority})|((?:${userInfo})?(?:${domain}|${ipv4})(?:${port})?|${bareHost}|${ipv6}))(${path})?`,
  "giu",
);

/**
 * The ends of the best-known domains, for words that count as an address even if another sign replaces the dot. `.NET` is the
 * name of a program.
 */
export const commonEndings = "(?:com|COM|net|org|ORG|info|biz|edu|gov)(?![\\p{L}\\p{N}])";

/** The same with a capital letter, which also begin a sentence: "Com" is "with" in Portuguese. `.Net` is a program, too. */
export const capitalizedEndings = "(?:Com|Org|Info|Biz|Edu|Gov)(?![\\p{L}\\p{N}])";

/** Other ends of domains that are neither words nor names of files, for a word in which a comma replaces the dot. */
export const countryEndings = "(?:ai|au|br|cc|ch|cn|co|de|eu|fr|io|jp|nl|pl|ru|tv|uk|xyz)(?![\\p{L}\\p{N}])";

/** Ends of domains in scripts without blanks between words. */
export const unspacedEndings =
  "(?:中国|中國|中文网|公司|网络|網絡|网址|網址|在线|香港|台湾|台灣|新加坡|商城|商店|政务|企业|集团|信息|手机|移动|世界|コム|みんな|한국|닷컴|닷넷|ไทย|คอม)(?![\\p{L}\\p{N}])";

/** Names of files and of programs that end like an address, but in no domain that exists. */
const fileName = /\.(?:js|ts|cs|vb|hs|kt|swift|java|html?|css|txt|pdf|json|ya?ml)$/i;

/** Returns the addresses in a text. A word with a dot in it, such as "Node.js", is one only if it says so. */
export function addressesIn(text: string): WrittenAddress[] {
  return [...text.matchAll(written)].flatMap(([whole, afterScheme, , path = ""]) => {
    const hasScheme = afterScheme !== undefined;
    // A time in brackets, such as `[12:30:45]`, is none.
    if (whole.startsWith("[") && asciiHost(whole) === undefined) return [];
    if (!hasScheme && !/^www\.|[/@]|^\d/i.test(whole) && fileName.test(whole)) return [];
    // NFKC makes three dots of an ellipsis.
    return [{ address: whole.replace(/[.,:;!?'’]+$/, ""), hasScheme, isShortened: path.endsWith("...") }];
  });
}

/** Returns a text with the hosts of its addresses alone. */
export const withoutPaths = (text: string): string => text.replace(written, "$1$2");

/** A mail address. Its user has at most 64 characters (RFC 5321), and without a limit a long word would be searched again and again. */
const mail = /[\p{L}\p{M}\p{N}.!#$%&'*+/=?^_`{|}~-]{1,64}@[\p{L}\p{M}\p{N}.-]*[\p{L}\p{M}\p{N}]/gu;

/** Returns the mail addresses in a text. */
export const mailsIn = (text: string): string[] => text.match(mail) ?? [];

/** Returns a text with a blank for each mail address. */
export const withoutMails = (text: string): string => text.replace(mail, " ");
