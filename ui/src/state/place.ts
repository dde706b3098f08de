import type { RoomId, Seq, ServerId } from "../backend/protocol";

/** A place that has an address: a room, or a message in it. Without a server it is on the only one that there is. */
export interface Place {
  server: ServerId | null;
  room: RoomId;
  /** The message's position in the room's log. */
  seq: Seq | null;
}

/**
 * Returns the fragment that addresses a place: `#/room/<room>`, `#/room/<room>/<seq>`, and with a server in front
 * `#/server/<server>/room/<room>`.
 */
export function addressOf({ server, room, seq }: Place): string {
  const parts = [...(server === null ? [] : ["server", server]), "room", room, ...(seq === null ? [] : [String(seq)])];
  return `#/${parts.map(encodeURIComponent).join("/")}`;
}

/** Returns the place that a fragment addresses, or null if it addresses none. */
export function placeOf(fragment: string): Place | null {
  const parts = fragment.replace(/^#\//, "").split("/").map(decode);
  const server = parts[0] === "server" ? parts.splice(0, 2)[1] : null;
  const [kind, room, number, ...rest] = parts;
  const seq = number === undefined || number === "" ? null : Number(number);
  const isValid = kind === "room" && room && server !== "" && server !== undefined && rest.length === 0;
  if (!isValid || (seq !== null && !(Number.isSafeInteger(seq) && seq > 0))) return null;
  return { server, room, seq };
}

export function isSamePlace(a: Place, b: Place): boolean {
  return isSameRoom(a, b) && a.seq === b.seq;
}

export function isSameRoom(a: Place, b: Place): boolean {
  return a.server === b.server && a.room === b.room;
}

/** Decodes a part of an address. A malformed one stays as it is, and names nothing. */
function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
