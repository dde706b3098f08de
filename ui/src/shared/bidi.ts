/**
 * Wraps a name in Unicode's directional isolates (FSI and PDI), so that a name in a right-to-left script does not reorder
 * the sentence around it.
 */
export const isolate = (name: string): string => `\u2068${name}\u2069`;
