import type { Availability, Member } from "../backend/protocol";
import type { RoomState } from "../rooms/room-state.svelte";
import type { ServerState } from "../servers/server-state.svelte";
import { compareNames } from "../shared/compare-names";
import { foldForSearch } from "../shared/fold-for-search";

/** The members of a room with the same presence, by name. */
interface MemberGroup {
  /** Null without a connection, when it is not known. */
  presence: Availability | null;
  members: readonly Member[];
}

/**
 * Returns the members of a room by their presence: those who have a text in their names, where not all are known. Where they
 * are, the list has no search field, and all are returned. Without a connection they are one group.
 */
export function groupMembers(
  server: Pick<ServerState, "connection" | "presenceOf" | "nameOf">,
  room: RoomState,
  query: string,
): MemberGroup[] {
  const term = room.knowsAllMembers ? "" : foldForSearch(query.trim());
  const nameOf = ({ id }: Member) => server.nameOf(id, room);
  const members = room.members
    .filter((member) => !member.left && (term === "" || foldForSearch(nameOf(member)).includes(term)))
    .sort((a, b) => compareNames(nameOf(a), nameOf(b)));
  const presences: (Availability | null)[] =
    server.connection.state === "online" ? ["online", "away", "offline"] : [null];
  return presences
    .map((presence) => ({ presence, members: members.filter(({ id }) => server.presenceOf(id) === presence) }))
    .filter((group) => group.members.length > 0);
}
