/** Characters that begin or end an embedding, an override or an isolate (UAX #9). Directional marks are not among them. */
const directionControls = /[\u202A-\u202E\u2066-\u2069]/g;

/** Returns whether a text sets the direction of its characters. */
export const setsDirection = (text: string): boolean => text.search(directionControls) >= 0;

/**
 * Wraps a name or a topic in Unicode's directional isolates (FSI and PDI), so that one in a right-to-left script does not
 * reorder the sentence around it. Its own direction controls are left out: one of them could end the isolate.
 */
export const isolate = (text: string): string => `\u2068${withoutDirectionControls(text)}\u2069`;

/** Returns a text without the characters that would reorder what stands beside it. */
export const withoutDirectionControls = (text: string): string => text.replace(directionControls, "");

/** Splits a sentence at what `isolate` has wrapped. */
export function isolatedParts(sentence: string): { part: string; isIsolated: boolean }[] {
  const parts = sentence.split(/(\u2068[^\u2069]*\u2069)/).filter((part) => part !== "");
  return parts.map((part) => {
    const isIsolated = part.startsWith("\u2068");
    return { part: isIsolated ? part.slice(1, -1) : part, isIsolated };
  });
}
