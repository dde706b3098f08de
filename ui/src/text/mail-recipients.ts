/** The host of a link, or its recipients if it is one of `mailto:` (RFC 6068). */

/** Returns whether an address is one of mail. */
export const isMail = ({ protocol }: URL): boolean => protocol === "mailto:";

/** Returns the host of an address of the web, or the recipients of a mail. */
export const hostOrRecipients = (target: URL): string =>
  isMail(target) ? recipientsOf(target).map(asciiMail).join(", ") || target.protocol : target.host;

/** Returns the addresses to which a `mailto:` link writes: those in its path, and those in its fields. */
export function recipientsOf({ pathname, search }: URL): string[] {
  const fields = `to=${pathname.replaceAll("&", "%26")}&${search.slice(1)}`;
  // In a mail address `+` is a plus sign, which URLSearchParams takes for a blank.
  return [...new URLSearchParams(fields.replaceAll("+", "%2B"))]
    .filter(([name]) => /^(?:to|cc|bcc)$/i.test(name))
    .flatMap(([, value]) => value.split(/[,;]/))
    .map((address) => address.trim())
    .filter((address) => address !== "");
}

/** Returns a mail address with everything that isn't ASCII encoded, as it can't be taken for another one. */
export function asciiMail(address: string): string {
  const { user, domain } = splitMail(address);
  const host = asciiHost(domain);
  return host === undefined ? encodeURI(address) : `${encodeURI(user)}@${host}`;
}

/** Splits a mail address at its last `@`. */
export function splitMail(address: string): { user: string; domain: string } {
  const at = address.lastIndexOf("@");
  return { user: address.slice(0, Math.max(0, at)), domain: address.slice(at + 1) };
}

/** Returns a domain as it is looked up, or nothing if it can't be one. */
export function asciiHost(domain: string): string | undefined {
  try {
    return new URL(`https://${domain}`).hostname;
  } catch {
    return undefined;
  }
}
