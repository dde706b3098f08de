// Generated from crates/protocol by its test `types`. Do not edit.

/**
 * A room. Made by whoever creates it (`UUIDv7`), so that creating twice is creating once.
 */
export type RoomId = string;

/**
 * An entry. Made by the author's device before it is sent (`UUIDv7`): the key for "already have it".
 */
export type EntryId = string;

/**
 * One installation of a client: a desktop, a browser profile, a bot.
 */
export type DeviceId = string;

/**
 * A server's data folder; it stays when the address or the name changes.
 */
export type ServerId = string;

/**
 * One unbroken history of a room. It changes whenever history may have been rewritten
 * (a restored backup, another host), and a client that holds another epoch rebuilds.
 */
export type Epoch = string;

/**
 * An entry's place in its room: 1, 2, 3 … without a gap; 0 stands before the first.
 */
export type Seq = number;

/**
 * A person: the Ed25519 public key in unpadded base64url (43 characters), or `guest-` and a UUID for who brought no key.
 */
export type MemberId = string;

/**
 * A person's or a room's name: 1 to 64 characters in NFC, without control, bidirectional or zero-width
 * characters, and without towers of combining marks. Names are labels; the key is the person.
 */
export type Name = string;

/**
 * An Ed25519 public key, in text: unpadded base64url, 43 characters.
 */
export type Key = string;

/**
 * An Ed25519 signature, in text: unpadded base64url, 86 characters.
 */
export type Signature = string;

/**
 * What happened. A kind that this version doesn't know is kept whole and shown as "update I-Chat to see this".
 */
export type Body = { "kind": "created", 
/**
 * The room's name.
 */
name: Name, } | { "kind": "joined", 
/**
 * The member's name.
 */
name: Name, } | { "kind": "left" } | { "kind": "named", 
/**
 * The new name.
 */
name: Name, } | { "kind": "renamed", 
/**
 * The new name.
 */
name: Name, } | { "kind": "topic", 
/**
 * At most 256 characters.
 */
text: string, } | { "kind": "message", 
/**
 * 1 byte to 16 KiB of Markdown.
 */
text: string, 
/**
 * The message that this one answers.
 */
reply_to?: EntryId, } | { "kind": "edit", 
/**
 * The message.
 */
of: EntryId, 
/**
 * The whole new text.
 */
text: string, } | { "kind": "delete", 
/**
 * The message.
 */
of: EntryId, } | { "kind": "wiped" } | { "kind": "react", 
/**
 * The message.
 */
to: EntryId, 
/**
 * One emoji.
 */
emoji: string, 
/**
 * Set, or taken back.
 */
on: boolean, };

/**
 * One line of a room's log. The room's id stands once on the batch or page that carries it.
 */
export type Entry = { 
/**
 * Its place in the room, given at commit.
 */
seq: Seq, 
/**
 * Made by the author's device before sending.
 */
id: EntryId, 
/**
 * Who.
 */
author: MemberId, 
/**
 * On which device.
 */
device: DeviceId, 
/**
 * The server's time at commit, in milliseconds since the Unix epoch.
 */
at: number, 
/**
 * What happened.
 */
body: Body, };

/**
 * How far a room's log goes, in which history.
 */
export type Head = { 
/**
 * Which history.
 */
epoch: Epoch, 
/**
 * The last entry's place; 0 for an empty log.
 */
seq: Seq, };

/**
 * A range of a room's log without a gap, and what lies beyond the range but changes how it is shown.
 */
export type Page = { 
/**
 * The room.
 */
room: RoomId, 
/**
 * How far the log goes now.
 */
head: Head, 
/**
 * In order of `seq`, without a gap.
 */
entries: Array<Entry>, 
/**
 * Later entries (edits, deletions, reactions) that amend those of the page, in order of `seq`.
 */
later?: Array<Entry>, };

/**
 * A room as it stands in a list.
 */
export type RoomSummary = { 
/**
 * Its id.
 */
id: RoomId, 
/**
 * Its name.
 */
name: Name, 
/**
 * What it is about; may be empty.
 */
topic: string, 
/**
 * How many are members.
 */
members: number, 
/**
 * How far its log goes.
 */
head: Head, 
/**
 * Whether the one who asks is a member.
 */
joined: boolean, 
/**
 * How far the one who asks has read.
 */
read: Seq, 
/**
 * Messages of others after `read`.
 */
unread: number, };

/**
 * A member of a room.
 */
export type Member = { 
/**
 * Who.
 */
id: MemberId, 
/**
 * Under which name.
 */
name: Name, 
/**
 * Whether they have left; their old entries still need the name.
 */
left?: boolean, };

/**
 * Whether somebody is here.
 */
export type Availability = "online" | "away" | "offline";

/**
 * Somebody on the server, with presence.
 */
export type Person = { 
/**
 * Who.
 */
id: MemberId, 
/**
 * Under which name.
 */
name: Name, 
/**
 * Whether they are here.
 */
availability: Availability, };

/**
 * Why something was refused, as a client may branch on it.
 */
export type ErrorCode = "bad_request" | "unknown_event" | "unknown_room" | "unknown_entry" | "not_joined" | "not_yours" | "too_large" | "conflict" | "busy" | "closing" | "storage" | "protocol" | "auth" | "no_guests" | "other";

/**
 * A refusal: `{code, message}`.
 */
export type WireError = { 
/**
 * For programs.
 */
code: ErrorCode, 
/**
 * For people: what to do.
 */
message: string, };

/**
 * Which server this is.
 */
export type ServerInfo = { 
/**
 * Its id.
 */
id: ServerId, 
/**
 * Its name.
 */
name: Name, 
/**
 * The program and its version, for diagnostics.
 */
software: string, };

/**
 * What `GET /api/hello` answers.
 */
export type Challenge = { 
/**
 * Which server this is.
 */
server: ServerInfo, 
/**
 * The protocol versions that it speaks.
 */
protocols: Array<number>, 
/**
 * To be signed; usable once, within two minutes.
 */
nonce: string, 
/**
 * Whether people without a key are let in.
 */
guests: boolean, };

/**
 * The `auth` payload of a client that has a key.
 */
export type Auth = { 
/**
 * The protocol version that the client will speak.
 */
protocol: number, 
/**
 * The public key.
 */
key: Key, 
/**
 * The name to go by.
 */
name: Name, 
/**
 * This installation.
 */
device: DeviceId, 
/**
 * From [`Challenge`].
 */
nonce: string, 
/**
 * Over the text that the module's documentation gives.
 */
signature: Signature, };

/**
 * No fields.
 */
export type Nothing = Record<string, never>;

/**
 * See [`ClientEvent::Post`].
 */
export type Post = { 
/**
 * Where.
 */
room: RoomId, 
/**
 * Made for this post, and kept for its repetitions.
 */
id: EntryId, 
/**
 * `message`, `edit`, `delete`, `react`, `topic` or `renamed`.
 */
body: Body, };

/**
 * See [`ClientEvent::Create`].
 */
export type Create = { 
/**
 * Made for this room, so that repeating the event makes one room.
 */
room: RoomId, 
/**
 * Its name.
 */
name: Name, 
/**
 * What it is about.
 */
topic?: string, };

/**
 * An event about one room.
 */
export type InRoom = { 
/**
 * The room.
 */
room: RoomId, };

/**
 * See [`ClientEvent::History`]. Without `before` and `after`: the newest page. With `after`: upwards from the entry behind it,
 * and up to the one ahead of `before`. With `before` alone: downwards.
 */
export type History = { 
/**
 * The room.
 */
room: RoomId, 
/**
 * Only entries ahead of this one.
 */
before?: Seq, 
/**
 * Only entries behind this one.
 */
after?: Seq, 
/**
 * At most so many; 200 at most, and 200 without it.
 */
limit?: number, };

/**
 * See [`ClientEvent::Sync`].
 */
export type Sync = { 
/**
 * For each room the last entry held, and of which history; `null` for a room of which nothing is held:
 * it is answered with the newest page.
 */
rooms: Record<string, Head | null>, };

/**
 * See [`ClientEvent::Typing`].
 */
export type Typing = { 
/**
 * The room.
 */
room: RoomId, 
/**
 * Typing, or no longer.
 */
on: boolean, };

/**
 * See [`ClientEvent::Away`].
 */
export type Away = { 
/**
 * Away, or back.
 */
away: boolean, };

/**
 * See [`ClientEvent::Read`] and [`ServerEvent::Read`].
 */
export type Read = { 
/**
 * The room.
 */
room: RoomId, 
/**
 * The last entry that was seen. It may go back: that marks as unread.
 */
seq: Seq, };

/**
 * See [`ClientEvent::Rename`].
 */
export type Rename = { 
/**
 * The new name.
 */
name: Name, };

/**
 * The limits that a client must know; their meaning stands in [`crate::limits`].
 */
export type LimitsInfo = { 
/**
 * Bytes of UTF-8 in a message.
 */
text_bytes: number, 
/**
 * Entries in a page.
 */
page_entries: number, 
/**
 * Bytes in a packet.
 */
packet_bytes: number, 
/**
 * Posts that one connection may have waiting.
 */
waiting_posts: number, 
/**
 * Milliseconds between two `heads`.
 */
heads_every_ms: number, };

/**
 * See [`ServerEvent::Hello`].
 */
export type Hello = { 
/**
 * Which server this is.
 */
server: ServerInfo, 
/**
 * The protocol version of this connection.
 */
protocol: number, 
/**
 * Who the client is to this server.
 */
me: MemberId, 
/**
 * The name that goes with it.
 */
name: Name, 
/**
 * The device that entries will carry.
 */
device: DeviceId, 
/**
 * The room that everybody is in.
 */
lobby: RoomId, 
/**
 * The rooms that this person is a member of, the lobby among them.
 */
rooms: Array<RoomSummary>, 
/**
 * What the server refuses as too large or too much.
 */
limits: LimitsInfo, 
/**
 * The server's clock, in milliseconds since the Unix epoch.
 */
now: number, };

/**
 * See [`ServerEvent::Entries`].
 */
export type Entries = { 
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
entries: Array<Entry>, };

/**
 * See [`ServerEvent::Reset`].
 */
export type Reset = { 
/**
 * The room.
 */
room: RoomId, 
/**
 * How far the room goes, in the history that counts from now on.
 */
head: Head, };

/**
 * See [`ServerEvent::Heads`].
 */
export type Heads = { 
/**
 * For each room of this client how far it goes.
 */
heads: Record<string, Head>, };

/**
 * See [`ServerEvent::Rooms`].
 */
export type RoomList = { 
/**
 * By name.
 */
rooms: Array<RoomSummary>, };

/**
 * See [`ServerEvent::Members`].
 */
export type MemberList = { 
/**
 * The room.
 */
room: RoomId, 
/**
 * Who is, and who was.
 */
members: Array<Member>, };

/**
 * See [`ServerEvent::Presence`].
 */
export type Presence = { 
/**
 * Those who changed.
 */
people: Array<Person>, };

/**
 * See [`ServerEvent::Typing`].
 */
export type TypingNow = { 
/**
 * The room.
 */
room: RoomId, 
/**
 * Who.
 */
member: MemberId, 
/**
 * Typing, or no longer.
 */
on: boolean, };

/**
 * See [`ServerEvent::Refused`].
 */
export type Refused = { 
/**
 * The event that was not done.
 */
event: string, 
/**
 * The room that it spoke of, if it spoke of one.
 */
room?: RoomId, 
/**
 * The entry that it would have made.
 */
id?: EntryId, 
/**
 * Why.
 */
error: WireError, };

/**
 * See [`ServerEvent::Closing`].
 */
export type Closing = { 
/**
 * For people.
 */
message: string, };

/**
 * What a client says.
 */
export type ClientEvent = { "event": "post", "data": Post } | { "event": "create", "data": Create } | { "event": "rooms", "data": Nothing } | { "event": "join", "data": InRoom } | { "event": "leave", "data": InRoom } | { "event": "members", "data": InRoom } | { "event": "history", "data": History } | { "event": "sync", "data": Sync } | { "event": "typing", "data": Typing } | { "event": "away", "data": Away } | { "event": "read", "data": Read } | { "event": "rename", "data": Rename };

/**
 * What a server says.
 */
export type ServerEvent = { "event": "hello", "data": Hello } | { "event": "entries", "data": Entries } | { "event": "page", "data": Page } | { "event": "reset", "data": Reset } | { "event": "heads", "data": Heads } | { "event": "rooms", "data": RoomList } | { "event": "room", "data": RoomSummary } | { "event": "members", "data": MemberList } | { "event": "presence", "data": Presence } | { "event": "typing", "data": TypingNow } | { "event": "read", "data": Read } | { "event": "refused", "data": Refused } | { "event": "closing", "data": Closing };

export const limits = {
  textBytes: 16384,
  nameChars: 64,
  topicChars: 256,
  pageEntries: 200,
  postsInFlight: 64,
  headsEveryMs: 5000,
  typingForMs: 6000,
} as const;

export const protocols: readonly number[] = [1];
