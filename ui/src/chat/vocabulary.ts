import type { RoomState } from "../rooms/room-state.svelte";
import type { ServerState } from "../servers/server-state.svelte";
import { completedRooms } from "./completed-rooms";
import type { Vocabulary } from "./completion";
import { emojiNames } from "./emoji-names.svelte";
import { mentionablePeople } from "./mentionable";

/** Returns the words that can be completed in a room: who and what is known when they are read. */
export const vocabularyOf = (server: ServerState, room: RoomState): Vocabulary => ({
  get people() {
    return mentionablePeople(server, room);
  },
  get rooms() {
    return completedRooms(server);
  },
  get emoji() {
    return emojiNames.all;
  },
});
