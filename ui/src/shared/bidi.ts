/** A name inside a sentence, kept from turning the sentence round when it is written in the other direction. */
export const isolate = (name: string): string => `\u2068${name}\u2069`;
