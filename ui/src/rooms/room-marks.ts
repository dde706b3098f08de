import type { Name, RoomId } from "../backend/protocol";
import { confusableGroups, distinctPieces, longer } from "../people/confusables";

/** The end of an id: its beginning is the time of the room's creation. */
const endOf = (id: RoomId, length: number) => id.slice(-length);

/** Returns a piece of the address of each room whose name can be confused with another room's. */
export function roomMarks(rooms: Iterable<{ id: RoomId; name: Name }>): ReadonlyMap<RoomId, string> {
  const marks = new Map<RoomId, string>();
  for (const group of confusableGroups(rooms)) {
    const ids = group.map(({ id }) => id);
    for (const [id, piece] of distinctPieces(ids, endOf)) marks.set(id, longer(piece, marks.get(id)));
  }
  return marks;
}
