/** Ordered access to maps and sets. Rust's are ordered by key, and both sessions must produce effects in the same order. */

/** Compares strings by code points, as UTF-8 sorts. JavaScript compares UTF-16 units, which puts emoji before some letters. */
export function compare(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = rank(a.charCodeAt(i)) - rank(b.charCodeAt(i));
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** Ranks surrogates, which encode the higher code points, behind all other units. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit;
}

export function sortedEntries<V>(map: ReadonlyMap<string, V>): [string, V][] {
  return [...map].sort(([a], [b]) => compare(a, b));
}

/** Empties a set and returns its former contents, sorted. */
export function takeSorted(ids: Set<string>): string[] {
  const sorted = [...ids].sort(compare);
  ids.clear();
  return sorted;
}

/** Returns the earliest of the defined times. */
export function earliest(times: Iterable<number | undefined>): number | undefined {
  let first: number | undefined;
  for (const time of times) if (time !== undefined && (first === undefined || time < first)) first = time;
  return first;
}
