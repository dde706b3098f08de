import type { MemberId } from "../backend/protocol";
import type { RoomState } from "../rooms/room-state.svelte";
import { isolate } from "../shared/bidi";
import { strings } from "../shared/strings";
import type { ServerState } from "./server-state.svelte";

/** Returns a member's name for a sentence, with a piece of the key if somebody else's name can be taken for it. */
export const taggedName = (server: Pick<ServerState, "nameOf">, room: RoomState, member: MemberId): string =>
  withKeyTag(server.nameOf(member, room), room, member);

/** Returns a name that a member has or had, like `taggedName`. */
export function withKeyTag(name: string, room: RoomState, member: MemberId): string {
  const mark = room.mentions.nameMarkOf(member);
  return mark ? strings.nameMark.tagged(isolate(name), mark.fingerprint) : isolate(name);
}
