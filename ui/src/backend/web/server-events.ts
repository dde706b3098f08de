/** Checks the server's events. What a session gets has the declared types, whatever the server has sent. */

import {
  type Availability,
  type Body,
  type Closing,
  type ClosingReason,
  type Entries,
  type Entry,
  type Head,
  type Heads,
  type Hello,
  type LimitsInfo,
  type Member,
  type MemberList,
  type Mention,
  type Page,
  type Person,
  type Presence,
  type Read,
  type Refused,
  type Reset,
  type RoomList,
  type RoomSummary,
  type Seq,
  type ServerEvent,
  type ServerInfo,
  type TypingNow,
  type WireError,
  limits,
} from "../protocol";

/** Returns whether a value has a type. */
type Check<T> = (value: unknown) => value is T;
/** The checks of an object's fields: a field that is added to a type is checked before it compiles. */
type Fields<T> = { [K in keyof T]-?: Check<T[K]> };

// What is one of several strings may be another one of a later version.
const isText = <T extends string>(value: unknown): value is T => typeof value === "string";
const isBoolean = (value: unknown): value is boolean => typeof value === "boolean";
const isNumber = (value: unknown): value is number => Number.isSafeInteger(value);
const isSeq = (value: unknown): value is Seq => isNumber(value) && value >= 0;
/** A newer server may allow longer texts than this version, but none that fill a page. */
const isShortText =
  (max: number) =>
  (value: unknown): value is string =>
    isText(value) && value.length <= 8 * max;
const isTopic = isShortText(limits.maxTopicChars);
const isName = (value: unknown): value is string => isShortText(limits.maxNameChars)(value) && value.trim() !== "";
const isList = (value: unknown): value is unknown[] => Array.isArray(value);
const isAnything = (_value: unknown): _value is unknown => true;

const optional =
  <T>(check: Check<T>) =>
  (value: unknown): value is T | undefined =>
    value === undefined || check(value);
const listOf =
  <T>(check: Check<T>) =>
  (value: unknown): value is T[] =>
    isList(value) && value.every(check);
const record = (value: unknown): Record<string, unknown> | null =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
const mapOf =
  <T>(check: Check<T>) =>
  (value: unknown): value is Record<string, T> => {
    const found = record(value);
    return found !== null && Object.values(found).every(check);
  };
const object =
  <T>(fields: Fields<T>) =>
  (value: unknown): value is T => {
    const found = record(value);
    return found !== null && Object.entries<Check<unknown>>(fields).every(([name, check]) => check(found[name]));
  };

/** An object some of whose fields are checked later, so that what is wrong can be left out of it. */
type Unchecked<T, K extends keyof T> = Omit<T, K> & Record<K, unknown>;
/** The same of lists, whose elements are checked later. */
type UncheckedList<T, K extends keyof T> = Omit<T, K> & Record<K, unknown[]>;
type UncheckedEntry = Unchecked<Entry, "body">;

const isHead = object<Head>({ epoch: isText, seq: isSeq });
const isEntry = object<UncheckedEntry>({
  seq: isNumber,
  id: isText,
  author: isText,
  device: isText,
  at: isNumber,
  body: isAnything,
});
const isMention = object<Mention>({ member: isText, name: isText });
const isRoom = object<RoomSummary>({
  id: isText,
  name: isName,
  topic: isTopic,
  members: isNumber,
  head: isHead,
  joined: isBoolean,
  read: isSeq,
  unread: isSeq,
});
const isMember = object<Member>({ id: isText, name: isName, left: optional(isBoolean), since: optional(isNumber) });
const isPerson = object<Person>({
  id: isText,
  name: isName,
  availability: (value: unknown): value is Availability =>
    value === "online" || value === "away" || value === "offline",
});

/** The fields of a part of a list. */
const listFields = { query: optional(isText), after: optional(isText), more: optional(isBoolean) };

/** The data of an event of the protocol. */
type DataOf<E extends ServerEvent["event"]> = Extract<ServerEvent, { event: E }>["data"];

/** The data of the events as they are checked first. */
interface UncheckedData {
  hello: UncheckedList<Hello, "rooms">;
  entries: Omit<Entries, "entries"> & { entries: UncheckedEntry[] };
  page: Omit<Page, "entries" | "later"> & { entries: UncheckedEntry[]; later?: UncheckedEntry[] };
  rooms: UncheckedList<RoomList, "rooms">;
  members: UncheckedList<MemberList, "members">;
  presence: UncheckedList<Presence, "people">;
  refused: Omit<Refused, "error"> & { error: Unchecked<WireError, "retry_after_ms"> };
}
type UncheckedDataOf<E extends ServerEvent["event"]> = E extends keyof UncheckedData ? UncheckedData[E] : DataOf<E>;
type UncheckedEvent = { [E in ServerEvent["event"]]: { event: E; data: UncheckedDataOf<E> } }[ServerEvent["event"]];

const events: { [E in ServerEvent["event"]]: Check<UncheckedDataOf<E>> } = {
  hello: object<UncheckedData["hello"]>({
    server: object<ServerInfo>({ id: isText, name: isName, software: isText }),
    protocol: isNumber,
    me: isText,
    name: isName,
    device: isText,
    guest_secret: optional(isText),
    lobby: isText,
    rooms: isList,
    more: optional(isBoolean),
    limits: object<LimitsInfo>({
      text_bytes: isNumber,
      page_entries: isNumber,
      packet_bytes: isNumber,
      pending_events: isNumber,
      heads_interval_ms: isNumber,
    }),
    now: isNumber,
  }),
  entries: object<UncheckedData["entries"]>({ room: isText, epoch: isText, entries: listOf(isEntry) }),
  page: object<UncheckedData["page"]>({
    room: isText,
    head: isHead,
    entries: listOf(isEntry),
    later: optional(listOf(isEntry)),
  }),
  reset: object<Reset>({ room: isText, head: isHead }),
  heads: object<Heads>({ heads: mapOf(isHead) }),
  rooms: object<UncheckedData["rooms"]>({
    rooms: isList,
    joined: optional(isBoolean),
    ...listFields,
  }),
  room: isRoom,
  members: object<UncheckedData["members"]>({
    room: isText,
    members: isList,
    ...listFields,
  }),
  presence: object<UncheckedData["presence"]>({ people: isList }),
  typing: object<TypingNow>({ room: isText, member: isText, on: isBoolean }),
  read: object<Read>({ room: isText, seq: isSeq }),
  refused: object<UncheckedData["refused"]>({
    event: isText,
    room: optional(isText),
    id: optional(isText),
    error: object<UncheckedData["refused"]["error"]>({ code: isText, message: isText, retry_after_ms: isAnything }),
  }),
  closing: object<Closing>({ message: isText, reason: optional(isText<ClosingReason>) }),
};

/** The checks of a body's fields, besides that of its kind. */
const body = <K extends Body["kind"]>(fields: Fields<Omit<Extract<Body, { kind: K }>, "kind">>) => object(fields);
const mentions = optional(listOf(isMention));
const bodies: Record<Body["kind"], Check<unknown>> = {
  created: body<"created">({ name: isName }),
  joined: body<"joined">({ name: isName }),
  left: body<"left">({}),
  member_renamed: body<"member_renamed">({ name: isName, from: optional(isName) }),
  room_renamed: body<"room_renamed">({ name: isName }),
  topic: body<"topic">({ text: isTopic }),
  message: body<"message">({ text: isText, mentions, reply_to: optional(isText) }),
  edit: body<"edit">({ of: isText, text: isText, mentions }),
  delete: body<"delete">({ of: isText }),
  wiped: body<"wiped">({}),
  react: body<"react">({ to: isText, emoji: isShortText(limits.maxNameChars), on: isBoolean }),
};

/**
 * Returns an event that this version knows and whose fields have their types, otherwise undefined. Of a list of rooms, members
 * or people, the wrong ones are left out. An entry whose body is wrong is one of an unknown kind, as in the app.
 */
export function parseServerEvent(name: string, data: unknown): ServerEvent | undefined {
  if (!Object.hasOwn(events, name) || !events[name as ServerEvent["event"]](data)) return undefined;
  const event = { event: name, data } as UncheckedEvent;
  switch (event.event) {
    case "hello":
      return { event: "hello", data: { ...event.data, rooms: event.data.rooms.filter(isRoom) } satisfies Hello };
    case "entries":
      return { event: "entries", data: { ...event.data, entries: event.data.entries.map(parseEntry) } };
    case "page": {
      const { entries, later, ...page } = event.data;
      const parsed = { ...page, entries: entries.map(parseEntry) };
      return { event: "page", data: later ? { ...parsed, later: later.map(parseEntry) } : parsed };
    }
    case "rooms":
      return { event: "rooms", data: { ...event.data, rooms: event.data.rooms.filter(isRoom) } satisfies RoomList };
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
    case "closing":
      return event;
    case "refused": {
      const { retry_after_ms: time, ...error } = event.data.error;
      const checked = isSeq(time) ? { ...error, retry_after_ms: time } : error;
      return { event: "refused", data: { ...event.data, error: checked } };
    }
  }
}

/** A kind that no version has: the interface shows that it can't show the entry. */
const unknownBody = { kind: "unknown" } as unknown as Body;

function parseEntry(entry: UncheckedEntry): Entry {
  return { ...entry, body: isBody(entry.body) ? entry.body : unknownBody };
}

/** Returns whether a body is one of a later version, or its fields have their types. */
function isBody(value: unknown): value is Body {
  const kind = record(value)?.kind;
  return typeof kind === "string" && (!Object.hasOwn(bodies, kind) || bodies[kind as Body["kind"]](value));
}
