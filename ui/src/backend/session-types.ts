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
  RoomList,
  RoomSummary,
  Seq,
  ServerEvent,
  WireError,
} from "./protocol";

/**
 * Something that happened to a session.
 */
export type Input = { "input": "start" } & PersistedState | { "input": "opened" } | { "input": "event" } & ServerEvent | { "input": "closed", 
/**
 * The server's reason, if it refused the connection and gave one.
 */
error?: WireError, } | { "input": "tick" } | { "input": "nudge" } | { "input": "reconnect" } | { "input": "refresh" } | { "input": "command" } & Command | { "input": "adopt" } & OutboxItem | { "input": "disowned", id: EntryId, 
/**
 * The post as that device sends it; without it, that device has sent or withdrawn the post.
 */
item?: OutboxItem, } | { "input": "loaded", room: RoomId, 
/**
 * The range that was requested.
 */
range: LogRange, 
/**
 * The part of the range that the replica has: in order of `seq`, without a gap, possibly empty. A browser has
 * no replica.
 */
entries: Array<Entry>, 
/**
 * Later entries that amend those.
 */
later: Array<Entry>, 
/**
 * `true` if the replica can't read what it has of the range.
 */
damaged?: boolean, };

/**
 * The state that survives a restart of the client.
 */
export type PersistedState = { rooms: Array<RoomCursor>, 
/**
 * The unacknowledged posts, oldest first.
 */
outbox: Array<OutboxItem>, };

/**
 * The part of a room's log that the replica has: the entries `first..=last`, without a gap.
 */
export type RoomCursor = { room: RoomSummary, epoch: Epoch, first: Seq, last: Seq, 
/**
 * The members as last seen. They provide the names while there is no connection.
 */
members?: Array<Member>, 
/**
 * `true` if the room has others.
 */
members_partial?: boolean, 
/**
 * `true` if the read marker (`room.read`) has not been sent to the server yet.
 */
read_pending?: boolean, };

/**
 * A post that the server has not acknowledged yet.
 */
export type OutboxItem = { id: EntryId, room: RoomId, body: Body, 
/**
 * The time at which the user wrote it: milliseconds since the Unix epoch, by the device's clock.
 */
written: number, state: OutboxState, 
/**
 * `true` from before it is first sent, unless the server has refused it: the log may have it.
 */
sent?: boolean, };

/**
 * The state of a post in the outbox. An acknowledged post leaves the outbox.
 */
export type OutboxState = { "state": "sending" } | { "state": "failed", error: WireError, };

/**
 * A request of the user.
 */
export type Command = { "command": "send", room: RoomId, 
/**
 * A fresh id. It makes repeating the post safe.
 */
id: EntryId, body: Body, 
/**
 * Milliseconds since the Unix epoch, by the device's clock.
 */
written: number, } | { "command": "retry", id: EntryId, } | { "command": "discard", id: EntryId, } | { "command": "editing", id: EntryId, on: boolean, } | { "command": "create", 
/**
 * A fresh id.
 */
room: RoomId, name: Name, topic?: string, } | { "command": "browse", 
/**
 * A part of the name or the topic, or the end of the id.
 */
query?: string, 
/**
 * The last room of the part before.
 */
after?: RoomId, } | { "command": "find_members", room: RoomId, query: string, } | { "command": "join", room: RoomId, } | { "command": "leave", room: RoomId, } | { "command": "open", room: RoomId, } | { "command": "history", room: RoomId, range: LogRange, } | { "command": "typing", room: RoomId, on: boolean, } | { "command": "read", room: RoomId, 
/**
 * The last entry seen.
 */
seq: Seq, } | { "command": "away", away: boolean, } | { "command": "set_name", name: Name, };

/**
 * A range of a room's log. Without bounds it is the newest page.
 */
export type LogRange = { 
/**
 * An upper bound, exclusive.
 */
before?: Seq, 
/**
 * A lower bound, exclusive.
 */
after?: Seq, 
/**
 * The entry in the middle of the range, instead of the bounds.
 */
around?: EntryId, 
/**
 * The maximum number of entries.
 */
limit: number, };

/**
 * Something for the driver to do. Effects run in the given order, each to its end before the next.
 */
export type Effect = { "effect": "connect", after_ms: number, before_ms: number, } | { "effect": "close" } | { "effect": "emit" } & ClientEvent | { "effect": "save" } & Change | { "effect": "load", room: RoomId, range: LogRange, } | { "effect": "notify" } & Update | { "effect": "wake", after_ms: number, };

/**
 * A change to the persisted state.
 */
export type Change = { "change": "outbox" } & OutboxItem | { "change": "discarded", id: EntryId, } | { "change": "entries", room: RoomId, epoch: Epoch, 
/**
 * In order of `seq`, without a gap.
 */
entries: Array<Entry>, } | { "change": "reset", room: RoomId, epoch: Epoch, } | { "change": "room" } & RoomSummary | { "change": "members", room: RoomId, members: Array<Member>, 
/**
 * `true` if the room has others.
 */
partial?: boolean, } | { "change": "read", room: RoomId, seq: Seq, 
/**
 * `true` if it has not been sent to the server yet.
 */
pending?: boolean, };

/**
 * A change for the interface to show. Its state is correct after it has applied all of them in order.
 */
export type Update = { "update": "connection" } & ConnectionStatus | { "update": "hello" } & Hello | { "update": "rooms", rooms: Array<RoomSummary>, 
/**
 * `true` while the server has not listed all of them yet.
 */
partial?: boolean, } | { "update": "directory" } & RoomList | { "update": "entries", room: RoomId, 
/**
 * The room's last entry as far as known.
 */
head: Head, 
/**
 * In order of `seq`, without a gap.
 */
entries: Array<Entry>, 
/**
 * Later entries that amend those: to be applied to them, but not shown as lines.
 */
later?: Array<Entry>, } | { "update": "reset", room: RoomId, } | { "update": "outbox", room: RoomId, items: Array<OutboxItem>, 
/**
 * The edits and deletions that were applied to posts in the outbox since the last list. They are not sent.
 */
merged?: Array<EntryId>, } | { "update": "members", room: RoomId, members: Array<Member>, 
/**
 * `true` if the room has others.
 */
partial?: boolean, } | { "update": "presence", people: Array<Person>, } | { "update": "typing", room: RoomId, members: Array<MemberId>, } | { "update": "refused", 
/**
 * The name of the event that carried the command, `save` if the replica could not be read or written, or `storage` if
 * a browser stores nothing.
 */
event: string, room?: RoomId, 
/**
 * The entry that the server's refusal names: for a load of history that of `around`.
 */
id?: EntryId, error: WireError, };

/**
 * The state of the connection, as the interface shows it.
 */
export type ConnectionStatus = { "state": "connecting" } | { "state": "online" } | { "state": "reconnecting", 
/**
 * The number of attempts that have failed since.
 */
attempts: number, 
/**
 * The number of posts in the outbox that are waiting.
 */
waiting: number, 
/**
 * The server's last message, if it sent one.
 */
message?: string, 
/**
 * `true` if the server's host has stopped hosting on purpose, and not for a restart.
 */
stopped?: boolean, 
/**
 * `true` while an attempt is under way that the user has asked for.
 */
trying?: boolean, } | { "state": "refused", error: WireError, 
/**
 * As in `reconnecting`.
 */
trying?: boolean, };

