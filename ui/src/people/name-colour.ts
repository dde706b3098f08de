import type { MemberId } from "../backend/protocol";

/** The number of `hue-*` classes in `tokens.css`. */
const hueCount = 12;

/** Returns the class that colours a member's name. It depends on the id only (FNV-1a hash), so renaming keeps the colour. */
export function hueOf(member: MemberId): string {
  let hash = 2166136261;
  for (let i = 0; i < member.length; i++) hash = Math.imul(hash ^ member.charCodeAt(i), 16777619);
  return `hue-${(hash >>> 0) % hueCount}`;
}
