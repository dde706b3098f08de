import type { MemberId, RoomId } from "../backend/protocol";

/** The number of `hue-*` classes in `tokens.css`. */
const hueCount = 12;
/** The step to the next hue to try: far from the one before, and with each hue on it, since the two numbers share no factor. */
const hueStep = 5;

/**
 * The colours of a server's people. In each room, and where the server's people are listed, a person keeps theirs, also when
 * renamed. It depends on the id, unless somebody who was shown before has that colour: two people in a room have the same one
 * only when all are in use.
 */
export class NameColours {
  readonly #ofServer = new AssignedHues();
  readonly #ofRooms = new Map<RoomId, AssignedHues>();

  /** Returns the class that colours a member's name in a room, or where the server's people are listed. */
  classOf(member: MemberId, room?: RoomId): string {
    const usual = this.#ofServer.of(member, hashOf(member) % hueCount);
    if (room === undefined) return `hue-${usual}`;
    const ofRoom = this.#ofRooms.get(room) ?? new AssignedHues();
    this.#ofRooms.set(room, ofRoom);
    return `hue-${ofRoom.of(member, usual)}`;
  }
}

/** The hues of the people who have been shown in one place. */
class AssignedHues {
  readonly #hues = new Map<MemberId, number>();
  readonly #uses = Array.from({ length: hueCount }, () => 0);

  /** Returns a member's hue. For a new one, takes of the least used hues the one that comes first after the preferred one. */
  of(member: MemberId, preferred: number): number {
    const known = this.#hues.get(member);
    if (known !== undefined) return known;
    const usesOf = (hue: number) => this.#uses[hue] ?? 0;
    const candidates = this.#uses.map((_, i) => (preferred + i * hueStep) % hueCount);
    const hue = candidates.reduce((best, candidate) => (usesOf(candidate) < usesOf(best) ? candidate : best));
    this.#hues.set(member, hue);
    this.#uses[hue] = usesOf(hue) + 1;
    return hue;
  }
}

/** Returns the FNV-1a hash of an id. */
function hashOf(member: MemberId): number {
  let hash = 2166136261;
  for (let i = 0; i < member.length; i++) hash = Math.imul(hash ^ member.charCodeAt(i), 16777619);
  return hash >>> 0;
}
