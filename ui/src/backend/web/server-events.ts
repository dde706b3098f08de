/** Checks the server's events. What a session gets has the declared types, whatever the server has sent. */

import {
  type Body,
  type Entry,
  type Hello,
  type MemberList,
  type Page,
  type Presence,
  type RoomList,
  type ServerEvent,
  limits,
} from "../protocol";

type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === "string";
const isBoolean: Check = (value) => typeof value === "boolean";
const isNumber: Check = (value) => Number.isSafeInteger(value);
const isSeq: Check = (value) => Number.isSafeInteger(value) && Number(value) >= 0;
/** A newer server may allow longer names, but none that fill a page. */
const isName: Check = (value) =>
  typeof value === "string" && value.trim() !== "" && value.length <= 8 * limits.maxNameChars;
const isTopic: Check = (value) => typeof value === "string" && value.length <= 8 * limits.maxTopicChars;

const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
const isList: Check = (value) => Array.isArray(value);
const record = (value: unknown): Record<string, unknown> | null =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
const mapOf =
  (check: Check): Check =>
  (value) =>
    Object.values(record(value) ?? { value: undefined }).every(check);
const object =
  (fields: Record<string, Check>): Check =>
  (value) => {
    const found = record(value);
    return found !== null && Object.entries(fields).every(([name, check]) => check(found[name]));
  };

const isHead = object({ epoch: isText, seq: isSeq });
const isEntry = object({ seq: isNumber, id: isText, author: isText, device: isText, at: isNumber });
const isMention = object({ member: isText, name: isText });
const isRoom = object({
  id: isText,
  name: isName,
  topic: isTopic,
  members: isNumber,
  head: isHead,
  joined: isBoolean,
  read: isSeq,
  unread: isSeq,
});
const isMember = object({ id: isText, name: isName, left: optional(isBoolean), since: optional(isNumber) });
const isPerson = object({
  id: isText,
  name: isName,
  availability: (value) => value === "online" || value === "away" || value === "offline",
});

const events: Record<ServerEvent["event"], Check> = {
  hello: object({
    server: object({ id: isText, name: isName, software: isText }),
    protocol: isNumber,
    me: isText,
    name: isName,
    device: isText,
    lobby: isText,
    rooms: isList,
    limits: object({ text_bytes: isNumber, heads_interval_ms: isNumber }),
    now: isNumber,
  }),
  entries: object({ room: isText, epoch: isText, entries: listOf(isEntry) }),
  page: object({ room: isText, head: isHead, entries: listOf(isEntry), later: optional(listOf(isEntry)) }),
  reset: object({ room: isText, head: isHead }),
  heads: object({ heads: mapOf(isHead) }),
  rooms: object({ rooms: isList }),
  room: isRoom,
  members: object({ room: isText, members: isList }),
  presence: object({ people: isList }),
  typing: object({ room: isText, member: isText, on: isBoolean }),
  read: object({ room: isText, seq: isSeq }),
  refused: object({
    event: isText,
    room: optional(isText),
    id: optional(isText),
    error: object({ code: isText, message: isText }),
  }),
  closing: object({ message: isText, reason: optional(isText) }),
};

const hasName = object({ name: isName });
const hasTarget = object({ of: isText });
const textFields = { text: isText, mentions: optional(listOf(isMention)) };
const bodies: Record<Body["kind"], Check> = {
  created: hasName,
  joined: hasName,
  left: object({}),
  member_renamed: object({ name: isName, from: optional(isName) }),
  room_renamed: hasName,
  topic: object({ text: isTopic }),
  message: object({ ...textFields, reply_to: optional(isText) }),
  edit: object({ of: isText, ...textFields }),
  delete: hasTarget,
  wiped: object({}),
  react: object({ to: isText, emoji: isName, on: isBoolean }),
};

/**
 * Returns an event that this version knows and whose fields have their types, otherwise undefined. Of a list of rooms, members
 * or people, the wrong ones are left out. An entry whose body is wrong is one of an unknown kind, as in the app.
 */
export function parseServerEvent(name: string, data: unknown): ServerEvent | undefined {
  if (!Object.hasOwn(events, name) || !events[name as ServerEvent["event"]](data)) return undefined;
  const event = { event: name, data } as ServerEvent;
  switch (event.event) {
    case "hello":
      return { event: "hello", data: { ...event.data, rooms: event.data.rooms.filter(isRoom) } satisfies Hello };
    case "entries":
      return { event: "entries", data: { ...event.data, entries: event.data.entries.map(parseEntry) } };
    case "page": {
      const { entries, later, ...page } = event.data;
      const parsed: Page = { ...page, entries: entries.map(parseEntry) };
      return { event: "page", data: later ? { ...parsed, later: later.map(parseEntry) } : parsed };
    }
    case "rooms":
      return { event: "rooms", data: { rooms: event.data.rooms.filter(isRoom) } satisfies RoomList };
    case "members":
      return {
        event: "members",
        data: { ...event.data, members: event.data.members.filter(isMember) } satisfies MemberList,
      };
    case "presence":
      return { event: "presence", data: { people: event.data.people.filter(isPerson) } satisfies Presence };
    case "reset":
    case "heads":
    case "room":
    case "typing":
    case "read":
    case "refused":
    case "closing":
      return event;
  }
}

/** A kind that no version has: the interface shows that it can't show the entry. */
const unknownBody = { kind: "unknown" } as unknown as Body;

function parseEntry(entry: Entry): Entry {
  const kind: unknown = record(entry.body)?.kind;
  if (typeof kind !== "string") return { ...entry, body: unknownBody };
  const isKnown = Object.hasOwn(bodies, kind);
  const isRight = isKnown ? bodies[kind as Body["kind"]](entry.body) : !Object.hasOwn(Object.prototype, kind);
  return isRight ? entry : { ...entry, body: unknownBody };
}
