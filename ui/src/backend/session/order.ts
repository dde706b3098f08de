/** Both machines go through their maps in the order of the keys, so that their effects come in the same order. */

/** As UTF-8 sorts: by code points. JavaScript's own comparison goes by UTF-16 units, and puts emoji before some letters. */
export function compare(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const difference = rank(a.charCodeAt(at)) - rank(b.charCodeAt(at));
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** Surrogates, of which the higher code points are made, go behind all other units. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit;
}

export function inOrder<V>(map: ReadonlyMap<string, V>): [string, V][] {
  return [...map].sort(([a], [b]) => compare(a, b));
}

/** What is in the set, in order; the set is empty after it. */
export function drained(ids: Set<string>): string[] {
  const sorted = [...ids].sort(compare);
  ids.clear();
  return sorted;
}

/** The earliest of those that there are. */
export function earliest(times: Iterable<number | undefined>): number | undefined {
  let first: number | undefined;
  for (const time of times) if (time !== undefined && (first === undefined || time < first)) first = time;
  return first;
}
