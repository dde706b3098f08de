import { v7 } from "uuid";

/** Returns a new id (UUIDv7) for an entry or a room. It contains the time, `now` if it is given, so ids sort by age. */
export const newId = (now?: number): string => (now === undefined ? v7() : v7({ msecs: now }));

/** Returns the time that a UUIDv7 contains, in milliseconds since the Unix epoch, or null for another kind of id. */
export function timeOfId(id: string): number | null {
  if (id.charAt(14) !== "7") return null;
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}
