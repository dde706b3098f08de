import type { MemberId, Name } from "../backend/protocol";

/** How many characters of a key stand for it, unless more are needed to tell two keys distinctPieces. */
const minLength = 4;

/**
 * For everybody whose name looks like somebody else's here: a piece of their key, which nobody can choose as one chooses a
 * name. It is as long as it takes to tell these people distinctPieces.
 */
export function keyFingerprints(people: Iterable<{ id: MemberId; name: Name }>): ReadonlyMap<MemberId, string> {
  const bySkeleton = new Map<string, Set<MemberId>>();
  for (const { id, name } of people) {
    const likeness = skeleton(name);
    bySkeleton.set(likeness, (bySkeleton.get(likeness) ?? new Set()).add(id));
  }
  const fingerprints = new Map<MemberId, string>();
  for (const ids of bySkeleton.values())
    if (ids.size > 1) for (const [id, fingerprint] of distinctPieces([...ids])) fingerprints.set(id, fingerprint);
  return fingerprints;
}

/** Names with one likeness are one to the eye: Unicode's NFKC and case folding, without what can't be seen. */
export function skeleton(name: Name): string {
  const folded = name.normalize("NFKC").toUpperCase().toLowerCase();
  return folded
    .replace(/\p{Default_Ignorable_Code_Point}/gu, "")
    .replace(/\s+/g, " ")
    .trim()
    .normalize("NFKC");
}

function distinctPieces(ids: readonly MemberId[]): (readonly [MemberId, string])[] {
  const longest = Math.max(...ids.map(({ length }) => length));
  let length = minLength;
  const fingerprints = () => ids.map((id) => pieceOf(id, length));
  while (new Set(fingerprints()).size < ids.length && length < longest) length += 1;
  return ids.map((id) => [id, pieceOf(id, length)] as const);
}

/** The beginning of a key; of a guest, who has none, the end of the number that stands for it. */
const pieceOf = (id: MemberId, length: number) => (id.startsWith("guest-") ? id.slice(-length) : id.slice(0, length));
