/** The most code units that a grapheme may have on average. Stacked marks can make a single one arbitrarily long. */
const maxUnitsPerGrapheme = 8;
/** The code units that a text may have in addition, so that a few long emoji fit. */
const extraUnits = 32;

const segmenter =
  // Old browsers lack it.
  "Segmenter" in Intl ? new Intl.Segmenter(undefined, { granularity: "grapheme" }) : null;

/** A character with what belongs to it: marks, selectors, skin tones, and whatever a joiner joins. */
const cluster = /\p{RI}\p{RI}|\P{M}(?:\p{M}|\p{Emoji_Modifier}|\u200C|\uFE0E|\uFE0F|\u200D\P{M})*|\p{M}+/gsu;

/** Yields the graphemes of a text: what people see as one character. */
export function* graphemes(text: string): Iterable<string> {
  if (segmenter) for (const { segment } of segmenter.segment(text)) yield segment;
  else for (const [segment] of text.matchAll(cluster)) yield segment;
}

/** Cuts a text after at most `max` graphemes (what people see as one character), and marks the cut with an ellipsis. */
export function cutText(text: string, max: number): string {
  if (text.length <= max) return text;
  const maxUnits = max * maxUnitsPerGrapheme + extraUnits;
  let end = 0;
  let count = 0;
  for (const grapheme of graphemes(text.slice(0, 2 * maxUnits))) {
    if (count === max || end + grapheme.length > maxUnits) return `${text.slice(0, end).trimEnd()}…`;
    end += grapheme.length;
    count += 1;
  }
  return end < text.length ? `${text.slice(0, end).trimEnd()}…` : text;
}
