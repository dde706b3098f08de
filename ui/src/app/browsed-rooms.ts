import type { RoomId, RoomSummary } from "../backend/protocol";
import { foldForSearch } from "../shared/fold-for-search";

/** The most rooms that are listed at once. The others are found by their names. */
export const maxListed = 200;

/**
 * Returns the rooms that match a query by their names, topics and the marks of those that can be confused, and the number of
 * further ones.
 */
export function findRooms(
  rooms: readonly RoomSummary[],
  query: string,
  markOf: (room: RoomId) => string | undefined,
): { listed: RoomSummary[]; unlisted: number } {
  const term = foldForSearch(query.trim());
  const matches = rooms.filter(({ id, name, topic }) => {
    const words = [name, markOf(id) ?? "", topic].filter((word) => word !== "");
    return foldForSearch(words.join(" ")).includes(term);
  });
  return { listed: matches.slice(0, maxListed), unlisted: Math.max(0, matches.length - maxListed) };
}
