import type { MemberId } from "../backend/protocol";

/** The number of `hue-*` classes in `tokens.css`. */
const hueCount = 12;

/**
 * Returns the class that colours a member's name. It depends on the id alone, so a person has the same colour in all rooms, on
 * all devices and after each reload. Two people may have the same one.
 */
export const nameColour = (member: MemberId): string => `hue-${hashOf(member) % hueCount}`;

/** Returns the FNV-1a hash of an id. */
function hashOf(member: MemberId): number {
  let hash = 2166136261;
  for (let i = 0; i < member.length; i++) hash = Math.imul(hash ^ member.charCodeAt(i), 16777619);
  return hash >>> 0;
}
