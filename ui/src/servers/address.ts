/** Shortens an address for display: without `http://` and a trailing slash, which browsers add by themselves. */
export const displayAddress = (address: string): string => address.replace(/^http:\/\//, "").replace(/\/$/, "");

/** Returns the URL of an address, which is what a phone's camera opens. */
export const urlOf = (address: string): string => (/^https?:/.test(address) ? address : `http://${address}`);

/**
 * Returns the links by which others can join a server that somebody else hosts, the best first. `used` is the address that this
 * device uses, and `announced` are those that the server announces now: addresses that it had before are useless to others.
 */
export function guestLinks(used: string | undefined, announced: readonly string[]): string[] {
  const all = [...(used === undefined ? [] : [used]), ...announced].map(urlOf);
  return [...new Set(all)].filter((link) => !isLinkLocal(link) && !isLoopback(link));
}

/** Returns whether an address is of the kind that works only together with the name of a network interface. */
const isLinkLocal = (link: string): boolean => /^https?:\/\/\[?fe[89ab][0-9a-f]:/i.test(link);

/** Returns whether an address works on this computer only. */
export function isLoopback(address: string): boolean {
  try {
    const { hostname } = new URL(address);
    return hostname === "localhost" || hostname === "[::1]" || hostname.startsWith("127.");
  } catch {
    return false;
  }
}
