import { v7 } from "uuid";

/** An id for an entry or a room, made here before it is sent. It holds the time, so that ids sort by age. */
export const newId = (): string => v7();

/** The time that a `newId` holds, in milliseconds since the Unix epoch. */
export function timeOfId(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}
