import type { MemberId, Name } from "../backend/protocol";
import { withoutInvisible } from "../backend/visibility";
import { asciiShape, lookalikePrototypes } from "../shared/lookalike-table.svelte";

/** A person as far as their name can be confused with another person's. */
interface Named {
  id: MemberId;
  name: Name;
  /** The time from which the person has had the name, if it is known. */
  since?: number | undefined;
}

/** The mark beside a name that doesn't identify a person on its own. */
export interface NameMark {
  /** A piece of the key, which can't be chosen freely as a name can. */
  fingerprint: string;
  /** The name of the person who had it first, if this person took it later, at `since`. */
  taken?: { from: Name; since: number };
  /** `true` for a name such as "Admin", which sounds like a role. */
  isRole: boolean;
}

/** The usual length of a piece of an id. It grows until the pieces of one name differ. */
const minPieceLength = 4;

/** The forms of names seen so far: presence changes again and again, and names seldom. */
const knownSkeletons = new Map<Name, readonly string[]>();
/** The table of look-alikes that the known forms were made with. Names are shown before it is loaded, and marked when it is. */
let knownPrototypes: ReadonlyMap<string, string> = new Map();
const maxKnownSkeletons = 20_000;

/** Names that sound like a role, which no person has. */
const roles = ["admin", "administrator", "host", "i-chat", "ichat", "moderator", "root", "server", "support", "system"];

/** Returns the marks of the people whose names can be confused with another person's, or with a role. */
export function nameMarks(people: Iterable<Named>): ReadonlyMap<MemberId, NameMark> {
  const all = [...people];
  const marks = new Map<MemberId, NameMark>();
  for (const { id, name } of all)
    if (skeletons(name).some(isRole)) marks.set(id, { fingerprint: pieceOf(id, minPieceLength), isRole: true });
  for (const group of confusableGroups(all)) markGroup(group, marks);
  return marks;
}

/** Returns the groups of those whose names can be confused with each other. One that is listed twice is the same. */
export function confusableGroups<T extends { id: string; name: Name }>(named: Iterable<T>): T[][] {
  const bySkeleton = new Map<string, Map<string, T>>();
  for (const one of named)
    for (const skeleton of skeletons(one.name))
      bySkeleton.set(skeleton, (bySkeleton.get(skeleton) ?? new Map<string, T>()).set(one.id, one));
  return [...bySkeleton.values()].filter(({ size }) => size > 1).map((group) => [...group.values()]);
}

/** Returns a piece of each of some ids, as long as it takes for the pieces to differ. */
export function distinctPieces(
  ids: readonly string[],
  piece: (id: string, length: number) => string,
): ReadonlyMap<string, string> {
  const maxLength = Math.max(...ids.map(({ length }) => length));
  let length = minPieceLength;
  const pieces = () => ids.map((id) => piece(id, length));
  while (new Set(pieces()).size < ids.length && length < maxLength) length += 1;
  return new Map(ids.map((id) => [id, piece(id, length)]));
}

/** Returns the longer of two pieces of an id. */
export const longer = (one = "", other = ""): string => (other.length > one.length ? other : one);

/** Returns the first of these names that can be confused with the given one. */
export function findConfusable(name: Name, others: Iterable<Name>): Name | undefined {
  const own = skeletons(name);
  for (const other of others) if (skeletons(other).some((skeleton) => own.includes(skeleton))) return other;
  return undefined;
}

/** Returns the forms of a name of which two names that can be confused share one: its letters in any case, and its shape. */
function skeletons(name: Name): readonly string[] {
  const prototypes = lookalikePrototypes();
  if (prototypes !== knownPrototypes) knownSkeletons.clear();
  knownPrototypes = prototypes;
  const known = knownSkeletons.get(name);
  if (known) return known;
  const [letters, shape] = [fold(name), fold(shapeOf(name))];
  const forms = letters === shape ? [letters] : [letters, shape];
  if (knownSkeletons.size >= maxKnownSkeletons) knownSkeletons.clear();
  knownSkeletons.set(name, forms);
  return forms;
}

const isRole = (skeleton: string) => roles.some((role) => skeletons(role).includes(skeleton));

function markGroup(group: readonly Named[], marks: Map<MemberId, NameMark>): void {
  const first = firstOf(group);
  const fingerprints = distinctPieces(
    group.map(({ id }) => id),
    pieceOf,
  );
  for (const { id, since } of group) {
    const previous = marks.get(id);
    const fingerprint = longer(fingerprints.get(id), previous?.fingerprint);
    const taken = first && first.id !== id && since !== undefined ? { from: first.name, since } : previous?.taken;
    marks.set(id, { fingerprint, isRole: previous?.isRole ?? false, ...(taken ? { taken } : {}) });
  }
}

/** Returns the person who had the name first; undefined if that isn't known of all of them. */
function firstOf(group: readonly Named[]): Named | undefined {
  if (group.some(({ since }) => since === undefined)) return undefined;
  return group.reduce((first, person) => ((person.since ?? 0) < (first.since ?? 0) ? person : first));
}

/** Returns a name in NFKC and in one case, without invisible characters. */
function fold(name: Name): string {
  return withoutInvisible(name.normalize("NFKC").toUpperCase().toLowerCase())
    .replace(/\s+/g, " ")
    .trim()
    .normalize("NFKC");
}

/** Returns the look of a name: what looks like ASCII as ASCII (UTS #39; letters that look alike in other scripts stay). */
function shapeOf(name: Name): string {
  return asciiShape(withoutInvisible(name.normalize("NFKC")));
}

/** Returns the beginning of a key, or the end of a guest's id, which has no key. */
const pieceOf = (id: MemberId, length: number) => (id.startsWith("guest-") ? id.slice(-length) : id.slice(0, length));
