import type { MemberId, Name } from "../backend/protocol";

/** The usual length of a key fingerprint. It grows until the fingerprints of one name differ. */
const minFingerprintLength = 4;

/**
 * Returns a key fingerprint for each person whose name can be confused with another person's: a piece of the key, which
 * can't be chosen freely as a name can.
 */
export function keyFingerprints(people: Iterable<{ id: MemberId; name: Name }>): ReadonlyMap<MemberId, string> {
  const bySkeleton = new Map<string, Set<MemberId>>();
  for (const { id, name } of people) {
    const key = skeleton(name);
    bySkeleton.set(key, (bySkeleton.get(key) ?? new Set()).add(id));
  }
  const fingerprints = new Map<MemberId, string>();
  for (const ids of bySkeleton.values())
    if (ids.size > 1) for (const [id, fingerprint] of distinctPieces([...ids])) fingerprints.set(id, fingerprint);
  return fingerprints;
}

/**
 * Returns a form of a name that is equal for names which look the same: NFKC, case-folded, without invisible characters.
 * Confusable letters of different scripts (the full skeleton of UTS #39) are not detected.
 */
export function skeleton(name: Name): string {
  const folded = name.normalize("NFKC").toUpperCase().toLowerCase();
  return folded
    .replace(/\p{Default_Ignorable_Code_Point}/gu, "")
    .replace(/\s+/g, " ")
    .trim()
    .normalize("NFKC");
}

function distinctPieces(ids: readonly MemberId[]): (readonly [MemberId, string])[] {
  const maxLength = Math.max(...ids.map(({ length }) => length));
  let length = minFingerprintLength;
  const pieces = () => ids.map((id) => pieceOf(id, length));
  while (new Set(pieces()).size < ids.length && length < maxLength) length += 1;
  return ids.map((id) => [id, pieceOf(id, length)] as const);
}

/** Returns the beginning of a key, or the end of a guest's id, which has no key. */
const pieceOf = (id: MemberId, length: number) => (id.startsWith("guest-") ? id.slice(-length) : id.slice(0, length));
