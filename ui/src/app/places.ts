import type { Person } from "../backend/protocol";
import { marksOf } from "../people/look-alikes";
import type { RoomState } from "../rooms/room-state.svelte";
import type { ServerState } from "../servers/server-state.svelte";

/** Where the quick switcher leads. */
export type Place =
  | { kind: "room"; server: ServerState; room: RoomState }
  | { kind: "person"; server: ServerState; person: Person; mark: string | undefined };

/** So many fit without a search through the list of what was found. */
const most = 12;

/** What fits what is wanted: `#` asks for rooms only and `@` for people only; people come after rooms. */
export function placesFor(wanted: string, servers: readonly ServerState[]): Place[] {
  const asked = wanted.trimStart();
  const sign = asked.startsWith("#") || asked.startsWith("@") ? asked.charAt(0) : "";
  const word = folded(asked.slice(sign.length).trim());
  const rooms = sign === "@" ? [] : servers.flatMap((server) => roomsOf(server, word));
  // Nothing is asked yet: rooms are what most come for.
  const people =
    sign === "#" || (sign === "" && word === "") ? [] : servers.flatMap((server) => peopleOf(server, word));
  rooms.sort((a, b) => Number(b.room.unread > 0) - Number(a.room.unread > 0));
  people.sort((a, b) => rank(a.person, word) - rank(b.person, word) || a.person.name.localeCompare(b.person.name));
  return [...rooms, ...people].slice(0, most);
}

function roomsOf(server: ServerState, word: string): (Place & { kind: "room" })[] {
  return server.rooms
    .filter((room) => folded(`${room.name} ${server.name}`).includes(word))
    .map((room) => ({ kind: "room", server, room }));
}

function peopleOf(server: ServerState, word: string): (Place & { kind: "person" })[] {
  const people = server.everybody();
  const marks = marksOf(people);
  return people
    .filter(({ id, name }) => id !== server.me && folded(name).includes(word))
    .map((person) => ({ kind: "person", server, person, mark: marks.get(person.id) }));
}

/** Who is called so from the first letter comes first, and of those who is here. */
const rank = ({ name, availability }: Person, word: string) =>
  (folded(name).startsWith(word) ? 0 : 2) + (availability === "offline" ? 1 : 0);

const folded = (text: string) => text.normalize("NFKC").toLocaleLowerCase();
