import type { RoomState } from "../rooms/room-state.svelte";
import type { ServerState } from "../servers/server-state.svelte";
import type { Mentionable } from "../text/mentions";
import { compareNames } from "../shared/compare-names";

/** Returns a room's members, who can be mentioned in it: the last speaker first, the user last. */
export function mentionablePeople(server: Pick<ServerState, "me" | "nameOf">, room: RoomState): Mentionable[] {
  const present = new Map(room.members.filter(({ left }) => !left).map(({ id }) => [id, server.nameOf(id, room)]));
  const speakers = room.items.filter(({ isMessage }) => isMessage).map(({ author }) => author);
  const lastSpoken = new Map(speakers.map((id, index) => [id, index]));
  const rank = (id: string) => (id === server.me ? -2 : (lastSpoken.get(id) ?? -1));
  return [...present]
    .sort(([a, nameOfA], [b, nameOfB]) => rank(b) - rank(a) || compareNames(nameOfA, nameOfB))
    .map(([id, name]) => ({ id, name }));
}
