import type { MemberId } from "../backend/protocol";

/** A person as far as their colour in a room depends on it. */
interface Member {
  id: MemberId;
  /** The time from which the person has had their name, if it is known. It is the time when they joined, unless they changed it. */
  since?: number;
}

/** The number of `hue-*` classes in `tokens.css`. */
const hueCount = 12;

/** The distance to the next colour if one is taken: far from it, and it reaches all of them. */
const nextHue = 5;

/** Returns the class that colours a member's name where nobody else's colour is known. It depends on the id alone. */
export const nameColour = (member: MemberId): string => hueClass(hashOf(member) % hueCount);

/**
 * Returns the classes that colour the names in a room. The first twelve people have twelve colours, on every device: each has
 * the one of their id, or the next that no earlier one has. Those who come later have the one of their id. Former members keep
 * theirs, so that nobody's colour changes when others come and go.
 */
export function nameColours(members: Iterable<Member>): ReadonlyMap<MemberId, string> {
  const byArrival = [...members].sort((a, b) => (a.since ?? 0) - (b.since ?? 0) || (a.id < b.id ? -1 : 1));
  const taken = new Set<number>();
  return new Map(
    byArrival.map(({ id }) => {
      let hue = hashOf(id) % hueCount;
      if (taken.size < hueCount) while (taken.has(hue)) hue = (hue + nextHue) % hueCount;
      taken.add(hue);
      return [id, hueClass(hue)];
    }),
  );
}

const hueClass = (hue: number) => `hue-${hue}`;

/** Returns the FNV-1a hash of an id. */
function hashOf(member: MemberId): number {
  let hash = 2166136261;
  for (let i = 0; i < member.length; i++) hash = Math.imul(hash ^ member.charCodeAt(i), 16777619);
  return hash >>> 0;
}
