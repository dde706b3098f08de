import type { MemberId } from "../backend/protocol";
import type { RoomState } from "../rooms/room-state.svelte";
import type { ServerState } from "../servers/server-state.svelte";
import { placedMentions } from "../text/found-mentions";
import { type Mentionable, MentionFinder } from "../text/mentions";
import { mentionablePeople } from "./mentionable";

/** The words by which other chats mention everybody. Here they mention nobody, unless it is somebody's name. */
const groups = ["all", "channel", "everybody", "everyone", "here", "room", "team"];
/** Finds these words. They are no members, and so have no ids. */
const groupFinder = new MentionFinder(groups.map((name) => ({ id: "", name })));

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
    // A name that a member has, too, means the member.
    this.#finder = new MentionFinder([...present, ...absent]);
  }

  in(text: string): SilentMentions {
    const people = placedMentions(text, this.#finder);
    const places = new Set(people.map(({ at }) => at));
    const words = placedMentions(text, groupFinder).filter(({ at }) => !places.has(at));
    const found = new Set(words.map(({ name }) => name.toLowerCase()));
    return {
      people: [...new Set(people.map(({ member }) => member))].flatMap((member) => this.#names.get(member) ?? []),
      groups: groups.filter((word) => found.has(word)),
    };
  }
}

/** Returns the mentions that tell nobody in two versions of a text. */
export const silentInBoth = (a: SilentMentions, b: SilentMentions): SilentMentions => ({
  people: a.people.filter((name) => b.people.includes(name)),
  groups: a.groups.filter((word) => b.groups.includes(word)),
});
