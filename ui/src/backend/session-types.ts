// Generated from crates/client by its test `types`. Do not edit.

import type {
  Body,
  ClientEvent,
  Entry,
  EntryId,
  Epoch,
  Head,
  Hello,
  Member,
  MemberId,
  Name,
  Person,
  RoomId,
  RoomSummary,
  Seq,
  ServerEvent,
  WireError,
} from "./protocol";

/**
 * Something that happened to a session.
 */
export type Input = { "input": "start" } & Restored | { "input": "opened" } | { "input": "event" } & ServerEvent | { "input": "closed", 
/**
 * Why, if the server said why.
 */
error?: WireError, } | { "input": "tick" } | { "input": "nudge" } | { "input": "refresh" } | { "input": "command" } & Command | { "input": "loaded", 
/**
 * The room.
 */
room: RoomId, 
/**
 * What was asked for.
 */
load: Load, 
/**
 * In order of `seq`, without a gap; may be empty.
 */
entries: Array<Entry>, 
/**
 * What amends them.
 */
later: Array<Entry>, };

/**
 * What the disk holds when a session starts.
 */
export type Restored = { 
/**
 * How much of each room the replica holds.
 */
rooms: Array<RoomCursor>, 
/**
 * What is not acknowledged yet, in the order in which it was written.
 */
outbox: Array<OutboxItem>, };

/**
 * How much of a room is held: the entries `first..=last`, without a gap.
 */
export type RoomCursor = { 
/**
 * The room as it was last seen.
 */
room: RoomSummary, 
/**
 * Of which history.
 */
epoch: Epoch, 
/**
 * The first entry held.
 */
first: Seq, 
/**
 * The last entry held.
 */
last: Seq, 
/**
 * Who was a member when it was last seen: without a connection the names come from here.
 */
members?: Array<Member>, };

/**
 * A post that is not acknowledged yet.
 */
export type OutboxItem = { 
/**
 * The entry's id.
 */
id: EntryId, 
/**
 * The room.
 */
room: RoomId, 
/**
 * What is posted.
 */
body: Body, 
/**
 * When it was written, in milliseconds since the Unix epoch, by the device's clock.
 */
written: number, 
/**
 * Where it stands.
 */
state: OutboxState, };

/**
 * Where a post stands. (Acknowledged ones are no longer in the outbox.)
 */
export type OutboxState = { "state": "sending" } | { "state": "failed", 
/**
 * Why.
 */
error: WireError, };

/**
 * What a person wants of a session.
 */
export type Command = { "command": "send", 
/**
 * The room.
 */
room: RoomId, 
/**
 * Made by the caller.
 */
id: EntryId, 
/**
 * What to post.
 */
body: Body, 
/**
 * The device's clock, in milliseconds since the Unix epoch.
 */
written: number, } | { "command": "retry", 
/**
 * The entry's id.
 */
id: EntryId, } | { "command": "discard", 
/**
 * The entry's id.
 */
id: EntryId, } | { "command": "create", 
/**
 * Made by the caller.
 */
room: RoomId, 
/**
 * Its name.
 */
name: Name, 
/**
 * What it is about.
 */
topic?: string, } | { "command": "browse" } | { "command": "join", 
/**
 * The room.
 */
room: RoomId, } | { "command": "leave", 
/**
 * The room.
 */
room: RoomId, } | { "command": "open", 
/**
 * The room.
 */
room: RoomId, } | { "command": "history", 
/**
 * The room.
 */
room: RoomId, 
/**
 * Which range.
 */
load: Load, } | { "command": "typing", 
/**
 * The room.
 */
room: RoomId, 
/**
 * Typing, or no longer.
 */
on: boolean, } | { "command": "read", 
/**
 * The room.
 */
room: RoomId, 
/**
 * The last entry seen.
 */
seq: Seq, } | { "command": "away", 
/**
 * Away, or back.
 */
away: boolean, } | { "command": "set_name", 
/**
 * The new name.
 */
name: Name, };

/**
 * A range of a room's log.
 */
export type Load = { 
/**
 * Only entries ahead of this one.
 */
before?: Seq, 
/**
 * Only entries behind this one.
 */
after?: Seq, 
/**
 * At most so many.
 */
limit: number, };

/**
 * Something that the wrapper does, in the order given, each done before the next.
 */
export type Effect = { "effect": "connect", 
/**
 * At the earliest.
 */
after_ms: number, 
/**
 * At the latest.
 */
before_ms: number, } | { "effect": "close" } | { "effect": "emit" } & ClientEvent | { "effect": "save" } & Change | { "effect": "load", 
/**
 * The room.
 */
room: RoomId, 
/**
 * Which range.
 */
load: Load, } | { "effect": "up" } & Update | { "effect": "wake", 
/**
 * From now.
 */
after_ms: number, };

/**
 * A change to what the disk holds.
 */
export type Change = { "change": "outbox" } & OutboxItem | { "change": "outcome", 
/**
 * The entry's id.
 */
id: EntryId, 
/**
 * Where it stands now.
 */
state: OutboxState, } | { "change": "discarded", 
/**
 * The entry's id.
 */
id: EntryId, } | { "change": "entries", 
/**
 * The room.
 */
room: RoomId, 
/**
 * Of which history.
 */
epoch: Epoch, 
/**
 * In order of `seq`, without a gap.
 */
entries: Array<Entry>, } | { "change": "reset", 
/**
 * The room.
 */
room: RoomId, 
/**
 * The history from now on.
 */
epoch: Epoch, } | { "change": "room" } & RoomSummary | { "change": "members", 
/**
 * The room.
 */
room: RoomId, 
/**
 * All of them.
 */
members: Array<Member>, } | { "change": "read", 
/**
 * The room.
 */
room: RoomId, 
/**
 * The last entry seen.
 */
seq: Seq, };

/**
 * What the interface is told. `apply` these and the picture is right.
 */
export type Update = { "update": "connection" } & Connection | { "update": "hello" } & Hello | { "update": "rooms", 
/**
 * The lobby first, then by name.
 */
rooms: Array<RoomSummary>, } | { "update": "directory", 
/**
 * By name.
 */
rooms: Array<RoomSummary>, } | { "update": "entries", 
/**
 * The room.
 */
room: RoomId, 
/**
 * How far the room goes, as far as known.
 */
head: Head, 
/**
 * In order of `seq`, without a gap.
 */
entries: Array<Entry>, 
/**
 * Later entries that amend those; to be folded, not shown.
 */
later?: Array<Entry>, } | { "update": "reset", 
/**
 * The room.
 */
room: RoomId, } | { "update": "outbox", 
/**
 * The room.
 */
room: RoomId, 
/**
 * In the order in which they were written.
 */
items: Array<OutboxItem>, } | { "update": "members", 
/**
 * The room.
 */
room: RoomId, 
/**
 * All of them.
 */
members: Array<Member>, } | { "update": "people", 
/**
 * Those who are online or away.
 */
people: Array<Person>, } | { "update": "typing", 
/**
 * The room.
 */
room: RoomId, 
/**
 * Without oneself.
 */
members: Array<MemberId>, } | { "update": "refused", 
/**
 * What was wanted, as the event's name.
 */
event: string, 
/**
 * In which room.
 */
room?: RoomId, 
/**
 * Why.
 */
error: WireError, };

/**
 * Where the connection stands.
 */
export type Connection = { "state": "connecting" } | { "state": "online" } | { "state": "reconnecting", 
/**
 * How many attempts failed since.
 */
attempts: number, 
/**
 * How many posts wait in the outbox.
 */
waiting: number, 
/**
 * What the server said when it went, if it said something.
 */
message?: string, } | { "state": "refused", 
/**
 * Why, and what to do.
 */
error: WireError, };

