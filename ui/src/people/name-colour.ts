import type { MemberId } from "../backend/protocol";

/** How many colours for names `tokens.css` has. */
const hues = 12;

/** The class that colours a person by their key: the same person has the same colour everywhere, whatever the name. */
export function hueOf(member: MemberId): string {
  let hash = 2166136261;
  for (let i = 0; i < member.length; i++) hash = Math.imul(hash ^ member.charCodeAt(i), 16777619);
  return `hue-${(hash >>> 0) % hues}`;
}
