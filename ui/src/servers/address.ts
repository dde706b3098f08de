/** An address as one reads it out: without `http://` and a trailing slash, which every browser adds by itself. */
export const displayAddress = (address: string): string => address.replace(/^http:\/\//, "").replace(/\/$/, "");

/** Whether an address leads to this very computer, and so is of no use to others. */
export function isLoopback(address: string): boolean {
  try {
    const { hostname } = new URL(address);
    return hostname === "localhost" || hostname === "[::1]" || hostname.startsWith("127.");
  } catch {
    return false;
  }
}
