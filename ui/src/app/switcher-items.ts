import type { Person } from "../backend/protocol";
import { keyFingerprints } from "../people/confusables";
import type { RoomState } from "../rooms/room-state.svelte";
import type { ServerState } from "../servers/server-state.svelte";

/** Where the quick switcher leads. */
export type SwitcherItem =
  | { kind: "room"; server: ServerState; room: RoomState }
  | { kind: "person"; server: ServerState; person: Person; fingerprint: string | undefined };

/** So many fit without a search through the list of what was found. */
const maxItems = 12;

/** What fits what is query: `#` asks for rooms only and `@` for people only; people come after rooms. */
export function findSwitcherItems(query: string, servers: readonly ServerState[]): SwitcherItem[] {
  const text = query.trimStart();
  const sign = text.startsWith("#") || text.startsWith("@") ? text.charAt(0) : "";
  const term = foldCase(text.slice(sign.length).trim());
  const rooms = sign === "@" ? [] : servers.flatMap((server) => roomsOf(server, term));
  // Nothing is text yet: rooms are what maxItems come for.
  const people =
    sign === "#" || (sign === "" && term === "") ? [] : servers.flatMap((server) => peopleOf(server, term));
  rooms.sort((a, b) => Number(b.room.unread > 0) - Number(a.room.unread > 0));
  people.sort((a, b) => rank(a.person, term) - rank(b.person, term) || a.person.name.localeCompare(b.person.name));
  return [...rooms, ...people].slice(0, maxItems);
}

function roomsOf(server: ServerState, term: string): (SwitcherItem & { kind: "room" })[] {
  return server.rooms
    .filter((room) => foldCase(`${room.name} ${server.name}`).includes(term))
    .map((room) => ({ kind: "room", server, room }));
}

function peopleOf(server: ServerState, term: string): (SwitcherItem & { kind: "person" })[] {
  const people = server.allPeople();
  const fingerprints = keyFingerprints(people);
  return people
    .filter(({ id, name }) => id !== server.me && foldCase(name).includes(term))
    .map((person) => ({ kind: "person", server, person, fingerprint: fingerprints.get(person.id) }));
}

/** Who is called so from the first letter comes first, and of those who is here. */
const rank = ({ name, availability }: Person, term: string) =>
  (foldCase(name).startsWith(term) ? 0 : 2) + (availability === "offline" ? 1 : 0);

const foldCase = (text: string) => text.normalize("NFKC").toLocaleLowerCase();
