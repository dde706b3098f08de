import type { MemberId } from "../backend/protocol";
import type { RoomState } from "../rooms/room-state.svelte";
import type { ServerState } from "../servers/server-state.svelte";
import { placedMentions } from "../text/found-mentions";
import { type Mentionable, MentionFinder } from "../text/mentions";
import { mentionablePeople } from "./mentionable";

/** The words by which other chats mention everybody. Here they mention nobody, unless it is somebody's name. */
const groups = ["all", "channel", "everybody", "everyone", "here", "room", "team"];
const groupId = (word: string): MemberId => `everybody as ${word}`;

/** The mentions of a text that tell nobody. */
interface SilentMentions {
  /** The names of people who aren't in the room. */
  people: string[];
  /** Words for everybody. */
  groups: string[];
}

/** Finds mentions in a room's text that tell nobody: of people of the server who aren't in the room, and of everybody. */
export class SilentMentionFinder {
  readonly #names: ReadonlyMap<MemberId, string>;
  readonly #finder: MentionFinder;

  constructor(server: Pick<ServerState, "me" | "nameOf" | "allPeople">, room: RoomState) {
    const present = mentionablePeople(server, room);
    const left: Mentionable[] = room.members.map(({ id }) => ({ id, name: server.nameOf(id, room) }));
    const members = new Set(present.map(({ id }) => id));
    // Before the members are known, everybody would be absent; where not all are, some would be.
    const others = room.knowsAllMembers ? server.allPeople() : [];
    const known = members.size === 0 ? [] : [...others, ...left];
    const absent = known.filter(({ id }) => !members.has(id) && id !== server.me);
    this.#names = new Map(absent.map(({ id, name }) => [id, name]));
    const everybody = groups.map((word) => ({ id: groupId(word), name: word }));
    // A name that a member has, too, means the member.
    this.#finder = new MentionFinder([...present, ...absent, ...everybody]);
  }

  in(text: string): SilentMentions {
    const found = new Set(placedMentions(text, this.#finder).map(({ member }) => member));
    return {
      people: [...found].flatMap((member) => this.#names.get(member) ?? []),
      groups: groups.filter((word) => found.has(groupId(word))),
    };
  }
}
