import type { MemberId } from "../backend/protocol";
import type { RoomState } from "../rooms/room-state.svelte";
import type { ServerState } from "../servers/server-state.svelte";
import { placedMentions } from "../text/found-mentions";
import { type Mentionable, MentionFinder } from "../text/mentions";
import { mentionablePeople } from "./mentionable";

/** The people of a server whom a room's text can name although they aren't in the room, and so aren't told. */
export class AbsentPeople {
  readonly #names: ReadonlyMap<MemberId, string>;
  readonly #finder: MentionFinder;

  constructor(server: Pick<ServerState, "me" | "nameOf" | "allPeople">, room: RoomState) {
    const present = mentionablePeople(server, room);
    const left: Mentionable[] = room.members.map(({ id }) => ({ id, name: server.nameOf(id, room) }));
    const members = new Set(present.map(({ id }) => id));
    // Before the members are known, everybody would be absent.
    const known = members.size === 0 ? [] : [...server.allPeople(), ...left];
    const absent = known.filter(({ id }) => !members.has(id) && id !== server.me);
    this.#names = new Map(absent.map(({ id, name }) => [id, name]));
    // A name that a member has, too, means the member.
    this.#finder = new MentionFinder([...present, ...absent]);
  }

  /** Returns the names of those whom a text mentions. */
  namesIn(text: string): string[] {
    if (this.#names.size === 0) return [];
    const found = new Set(placedMentions(text, this.#finder).map(({ member }) => member));
    return [...found].flatMap((member) => this.#names.get(member) ?? []);
  }
}
