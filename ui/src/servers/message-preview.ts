import type { Item } from "../rooms/fold";
import type { RoomState } from "../rooms/room-state.svelte";
import { preview } from "../text/plain-text";
import type { ServerState } from "./server-state.svelte";

/** The part of a message that its preview shows. */
type PreviewedMessage = Pick<Item, "text" | "mentions"> & Partial<Pick<Item, "at" | "editedAt">>;

/** Returns the text of a message in a room as one line, with the present names of the people whom it mentions. */
export function messagePreview(server: ServerState, room: RoomState, message: PreviewedMessage): string {
  const finders = { mentions: room.mentions.finderFor(message), rooms: server.roomNames.finder };
  return preview(message.text, finders, (member) => server.knownName(member, room));
}
