/** Shortens an address for display: without `http://` and a trailing slash, which browsers add by themselves. */
export const displayAddress = (address: string): string => address.replace(/^http:\/\//, "").replace(/\/$/, "");

/** Returns whether an address works on this computer only. */
export function isLoopback(address: string): boolean {
  try {
    const { hostname } = new URL(address);
    return hostname === "localhost" || hostname === "[::1]" || hostname.startsWith("127.");
  } catch {
    return false;
  }
}
