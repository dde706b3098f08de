/** Returns the path below which this page is, with a slash at its end: `/`, or one such as `/chat/` if its server has a base path. */
export const pagePath = (): string => location.pathname.replace(/[^/]*$/, "");

/**
 * Returns a name in the browser's storage for something of the page at this path. All pages of an origin share the storage, and
 * each may be another server's.
 */
export const storageName = (name: string, path = pagePath()): string => path.slice(1) + name;
