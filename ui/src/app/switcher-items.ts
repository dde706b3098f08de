import type { Person, RoomSummary } from "../backend/protocol";
import { nameMarks, type NameMark } from "../people/confusables";
import type { RoomState } from "../rooms/room-state.svelte";
import type { ServerState } from "../servers/server-state.svelte";
import { foldForSearch } from "../shared/fold-for-search";
import { compareNames } from "../shared/compare-names";

/** A result of the quick switcher. */
export type SwitcherItem =
  | { kind: "room"; server: ServerState; room: RoomState }
  /** A room that the user isn't in. */
  | { kind: "listed"; server: ServerState; room: RoomSummary }
  | { kind: "person"; server: ServerState; person: Person; mark: NameMark | undefined };

/** As many results as fit without scrolling. */
const maxItems = 12;

/**
 * Returns the user's rooms, then the people, then the other rooms that match a query. A leading `#` restricts it to rooms, a
 * leading `@` to people.
 */
export function findSwitcherItems(query: string, servers: readonly ServerState[]): SwitcherItem[] {
  const text = query.trimStart();
  const prefix = text.startsWith("#") || text.startsWith("@") ? text.charAt(0) : "";
  const term = foldForSearch(text.slice(prefix.length).trim());
  const rooms = prefix === "@" ? [] : servers.flatMap((server) => roomsOf(server, term));
  // Without a query only the user's rooms are listed, since most users look for one of them.
  const people =
    prefix === "#" || (prefix === "" && term === "") ? [] : servers.flatMap((server) => peopleOf(server, term));
  rooms.sort((a, b) => Number(b.room.unread > 0) - Number(a.room.unread > 0));
  const listed = prefix === "@" || text === "" ? [] : servers.flatMap((server) => otherRoomsOf(server, term));
  people.sort((a, b) => rank(a.person, term) - rank(b.person, term) || compareNames(a.person.name, b.person.name));
  return [...rooms, ...people, ...listed].slice(0, maxItems);
}

function roomsOf(server: ServerState, term: string): (SwitcherItem & { kind: "room" })[] {
  return server.rooms
    .filter((room) => foldForSearch(`${room.name} ${server.name}`).includes(term))
    .map((room) => ({ kind: "room", server, room }));
}

function otherRoomsOf(server: ServerState, term: string): (SwitcherItem & { kind: "listed" })[] {
  return (server.directory ?? [])
    .filter(({ id, name }) => !server.room(id) && foldForSearch(`${name} ${server.name}`).includes(term))
    .map((room) => ({ kind: "listed", server, room }));
}

function peopleOf(server: ServerState, term: string): (SwitcherItem & { kind: "person" })[] {
  const people = server.allPeople();
  const marks = nameMarks(people);
  return people
    .filter(({ id, name }) => id !== server.me && foldForSearch(name).includes(term))
    .map((person) => ({ kind: "person", server, person, mark: marks.get(person.id) }));
}

/** Sorts names that start with the term first, and within each group the people who are online or away. */
const rank = ({ name, availability }: Person, term: string) =>
  (foldForSearch(name).startsWith(term) ? 0 : 2) + (availability === "offline" ? 1 : 0);
