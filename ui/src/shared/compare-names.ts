const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

/** Compares names of rooms or people as people sort them: regardless of case, and numbers by their value. */
export const compareNames = (a: string, b: string): number => collator.compare(a, b);
