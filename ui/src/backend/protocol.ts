// Generated from crates/protocol by its test `types`. Do not edit.

/**
 * The id of a room. The client that creates the room makes it (`UUIDv7`), so that a retry creates no second room.
 */
export type RoomId = string;

/**
 * The id of an entry. The author's device makes it before sending (`UUIDv7`); it is the idempotency key.
 */
export type EntryId = string;

/**
 * The id of one installation of a client: a desktop app, a browser tab, a bot.
 */
export type DeviceId = string;

/**
 * The id of a server's data folder. It stays when the address or the name changes.
 */
export type ServerId = string;

/**
 * The id of one history of a room. It changes whenever the log may have been rewritten, for example by restoring a
 * backup. A client with another epoch drops its copy of the room.
 */
export type Epoch = string;

/**
 * The position of an entry in its room's log: 1, 2, 3 … without a gap. 0 is the position before the first entry.
 */
export type Seq = number;

/**
 * The id of a person: their Ed25519 public key in unpadded base64url (43 characters), or `guest-` and a UUID for a
 * client without a key (42 characters). The length tells them apart: a key can begin with `guest-`, too.
 */
export type MemberId = string;

/**
 * A person's or a room's name: 1 to 64 characters of any script in NFC, on one line. Invisible characters are allowed only
 * where a script or an emoji needs them, stacks of combining marks never. Names are labels; the key is the person.
 *
 * Deserialising is more tolerant than [`Name::parse`]: a newer server may know characters that this version doesn't.
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
 * The party that may write a kind of entry.
 */
export type Writer = "server" | "member" | "target_author" | "unknown";

/**
 * The effect of an entry on the one that it refers to.
 */
export type TargetEffect = "replace_text" | "erase" | "annotate";

/**
 * The rule by which a later entry replaces an earlier one of the same kind and target.
 */
export type Collapse = "never" | "per_target" | "per_author";

/**
 * The kind of an entry. Its text form is the `kind` field on the wire.
 */
export type Kind = "created" | "joined" | "left" | "member_renamed" | "room_renamed" | "topic" | "message" | "edit" | "delete" | "wiped" | "react" | "unknown";

/**
 * The properties of a kind: everything that the store, a session and the interface need to know to handle it.
 */
export type KindProperties = { 
/**
 * The party that may write it.
 */
writer: Writer, 
/**
 * The effect on the entry that it refers to, `None` if it refers to none.
 */
effect: TargetEffect | null, 
/**
 * The rule by which later entries replace earlier ones.
 */
collapse: Collapse, 
/**
 * `true` if other entries may refer to it.
 */
isTarget: boolean, 
/**
 * `true` if it counts as unread for the other members.
 */
countsAsUnread: boolean, 
/**
 * `true` if the timeline shows it as a line of its own.
 */
inTimeline: boolean, };

/**
 * A change to a room. A client keeps a kind that it doesn't know whole and shows "update I-Chat to see this".
 */
export type Body = { "kind": "created", 
/**
 * The room's name.
 */
name: Name, } | { "kind": "joined", 
/**
 * The member's name.
 */
name: Name, } | { "kind": "left" } | { "kind": "member_renamed", 
/**
 * The new name.
 */
name: Name, 
/**
 * The name until then, which the server adds at commit.
 */
from?: Name, } | { "kind": "room_renamed", 
/**
 * The new name.
 */
name: Name, } | { "kind": "topic", 
/**
 * At most 256 characters on one line.
 */
text: string, } | { "kind": "message", 
/**
 * 1 byte to 16 KiB of Markdown.
 */
text: string, 
/**
 * The message that this one answers.
 */
reply_to?: EntryId, 
/**
 * The members whom the text mentions. Clients look for names in the text where there is none.
 */
mentions?: Array<Mention>, } | { "kind": "edit", 
/**
 * The message.
 */
of: EntryId, 
/**
 * The whole new text.
 */
text: string, 
/**
 * The members whom the new text mentions.
 */
mentions?: Array<Mention>, } | { "kind": "delete", 
/**
 * The message.
 */
of: EntryId, } | { "kind": "wiped" } | { "kind": "react", 
/**
 * The message.
 */
to: EntryId, 
/**
 * One emoji, fully qualified.
 */
emoji: string, 
/**
 * `true` sets the reaction, `false` removes it.
 */
on: boolean, };

/**
 * A mention of a member in a text. It stays one when the member changes their name.
 */
export type Mention = { 
/**
 * The member.
 */
member: MemberId, 
/**
 * The name that follows an `@` in the text.
 */
name: string, };

/**
 * One line of a room's log. The batch or page that carries it names the room.
 */
export type Entry = { 
/**
 * Position in the room's log, assigned by the server at commit.
 */
seq: Seq, 
/**
 * Idempotency key, made by the author's device before sending.
 */
id: EntryId, 
/**
 * The person who wrote it.
 */
author: MemberId, 
/**
 * The installation that it was written on.
 */
device: DeviceId, 
/**
 * The server's time at commit, in milliseconds since the Unix epoch.
 */
at: number, 
/**
 * The change to the room.
 */
body: Body, };

/**
 * The end of a room's log.
 */
export type Head = { 
/**
 * The history that `seq` belongs to.
 */
epoch: Epoch, 
/**
 * The last entry; 0 for an empty log.
 */
seq: Seq, };

/**
 * A range of a room's log without a gap, and later entries that change how the range is shown.
 */
export type Page = { 
/**
 * The room.
 */
room: RoomId, 
/**
 * The end of the log at the time of the answer.
 */
head: Head, 
/**
 * The range, in order of `seq`.
 */
entries: Array<Entry>, 
/**
 * Edits and reactions after the range that refer to its entries, in order of `seq`. Those that a later one replaces
 * are left out.
 */
later?: Array<Entry>, };

/**
 * A room as a list shows it.
 */
export type RoomSummary = { 
/**
 * The room's id.
 */
id: RoomId, 
/**
 * The room's name.
 */
name: Name, 
/**
 * The room's topic; may be empty.
 */
topic: string, 
/**
 * The number of members.
 */
members: number, 
/**
 * The end of the room's log.
 */
head: Head, 
/**
 * `true` if the recipient is a member.
 */
joined: boolean, 
/**
 * The recipient's read marker: the last entry that they have seen.
 */
read: Seq, 
/**
 * The number of messages by others after `read`.
 */
unread: number, };

/**
 * A present or former member of a room.
 */
export type Member = { 
/**
 * The person's id.
 */
id: MemberId, 
/**
 * The person's name in this room.
 */
name: Name, 
/**
 * `true` for a former member, whose entries still need the name.
 */
left?: boolean, 
/**
 * The time from which the person has had this name here, in milliseconds since the Unix epoch, if it is known. Of two
 * people with one name it shows who took it.
 */
since?: number, };

/**
 * The availability of a person.
 */
export type Availability = "online" | "away" | "offline";

/**
 * A person on the server, with presence.
 */
export type Person = { 
/**
 * The person's id.
 */
id: MemberId, 
/**
 * The person's name.
 */
name: Name, 
/**
 * The person's availability.
 */
availability: Availability, };

/**
 * The reason for a refusal, for programs.
 */
export type ErrorCode = "bad_request" | "unknown_event" | "unknown_room" | "unknown_entry" | "not_joined" | "not_yours" | "too_large" | "over_quota" | "conflict" | "busy" | "closing" | "storage" | "protocol" | "auth" | "no_guests" | "other";

/**
 * A refusal: `{code, message}`, with a time for the code `busy`.
 */
export type WireError = { 
/**
 * The code for programs.
 */
code: ErrorCode, 
/**
 * A sentence for people that says what to do.
 */
message: string, 
/**
 * The time after which the same request may succeed, in milliseconds. What isn't a whole number is left out.
 */
retry_after_ms?: number, };

/**
 * The unit that a text is measured in.
 */
export type TextUnit = "bytes" | "chars";

/**
 * A refusal. `{max}` and `{size}` in its message stand for the limit and the text's size.
 */
export type RefusalTemplate = { 
/**
 * The error code.
 */
code: ErrorCode, 
/**
 * The sentence.
 */
message: string, };

/**
 * A rule for one text field.
 */
export type TextRule = { 
/**
 * The largest size.
 */
max: number, 
/**
 * The unit of `max`.
 */
unit: TextUnit, 
/**
 * The refusal of a text over the limit.
 */
tooLarge: RefusalTemplate, 
/**
 * The refusal of a text that shows nothing.
 */
blank: RefusalTemplate, 
/**
 * `true` if the text may be empty.
 */
mayBeEmpty: boolean, 
/**
 * The refusal of a text with control characters or line breaks; `None` if it may have them.
 */
control: RefusalTemplate | null, 
/**
 * The refusal of a text that sets the direction of its characters; `None` if it may.
 */
direction: RefusalTemplate | null, 
/**
 * The refusal of a text with more nonspacing marks in a row than a name may have; `None` if it may have them.
 */
marks: RefusalTemplate | null, };

/**
 * The identity of a server.
 */
export type ServerInfo = { 
/**
 * The id of its data folder.
 */
id: ServerId, 
/**
 * The name that people see.
 */
name: Name, 
/**
 * The program and its version, for diagnostics.
 */
software: string, };

/**
 * The answer to `GET /api/hello`.
 */
export type Challenge = { 
/**
 * The server.
 */
server: ServerInfo, 
/**
 * The protocol versions that it implements.
 */
protocols: Array<number>, 
/**
 * The nonce to sign, valid once and for two minutes.
 */
nonce: string, 
/**
 * `true` if the server accepts clients without a key.
 */
guests: boolean, };

/**
 * The `auth` payload of a client that has a key.
 */
export type Auth = { 
/**
 * The protocol version that the client chose.
 */
protocol: number, 
/**
 * The client's public key.
 */
key: Key, 
/**
 * The person's name.
 */
name: Name, 
/**
 * The client's installation.
 */
device: DeviceId, 
/**
 * The nonce of the [`Challenge`].
 */
nonce: string, 
/**
 * The signature over the text in the module's documentation.
 */
signature: Signature, };

/**
 * The argument of [`ClientEvent::Rooms`]. The answer has at most [`crate::limits::MAX_LIST_ITEMS`] rooms.
 */
export type FindRooms = { 
/**
 * `true` for the rooms that the user is in, as in `hello`, instead of all.
 */
joined?: boolean, 
/**
 * A part of the name or the topic, or the end of the id: only the rooms that have it, first those that are called so.
 * At most 64 characters. It has no effect with `joined`.
 */
query?: string, 
/**
 * The last room of the answer before, for the rooms that follow it.
 */
after?: RoomId, };

/**
 * The argument of [`ClientEvent::Members`]. The answer has at most [`crate::limits::MAX_LIST_ITEMS`] members.
 */
export type FindMembers = { 
/**
 * The room.
 */
room: RoomId, 
/**
 * The beginning of the name: only the members who have it, by name. At most 64 characters.
 */
query?: string, 
/**
 * The last member of the answer before, for the members who follow.
 */
after?: MemberId, 
/**
 * The members to list, instead of those of the other fields.
 */
ids?: Array<MemberId>, };

/**
 * The argument of [`ClientEvent::Post`].
 */
export type Post = { 
/**
 * The room.
 */
room: RoomId, 
/**
 * The new entry's id; a retry repeats it.
 */
id: EntryId, 
/**
 * A body that [`Body::check`] accepts.
 */
body: Body, };

/**
 * The argument of [`ClientEvent::Create`].
 */
export type Create = { 
/**
 * The new room's id; a retry repeats it.
 */
room: RoomId, 
/**
 * The room's name.
 */
name: Name, 
/**
 * The room's topic.
 */
topic?: string, };

/**
 * The argument of an event about one room.
 */
export type InRoom = { 
/**
 * The room.
 */
room: RoomId, };

/**
 * The argument of [`ClientEvent::History`]: a range of entries, of which at most `limit` fit into the page.
 */
export type History = { 
/**
 * The room.
 */
room: RoomId, 
/**
 * The exclusive upper end of the range; without it the range reaches to the newest entry.
 */
before?: Seq, 
/**
 * The exclusive lower end of the range. With it the page has the oldest entries of the range, without it the newest.
 */
after?: Seq, 
/**
 * The entry in the middle of the page, instead of the bounds. With a `limit` of 1 the page has this entry alone.
 */
around?: EntryId, 
/**
 * The maximum number of entries. Default and maximum: 200.
 */
limit?: number, };

/**
 * The argument of [`ClientEvent::Sync`].
 */
export type Sync = { 
/**
 * For each room the client's last entry and its epoch. For a room with `null` the server sends the newest page.
 */
rooms: Record<string, Head | null>, };

/**
 * The argument of [`ClientEvent::Typing`].
 */
export type Typing = { 
/**
 * The room.
 */
room: RoomId, 
/**
 * `true` when typing starts or goes on, `false` when it stops.
 */
on: boolean, };

/**
 * The argument of [`ClientEvent::Away`].
 */
export type Away = { 
/**
 * `true` when the user went away, `false` when they came back.
 */
away: boolean, };

/**
 * The argument of [`ClientEvent::Read`] and of [`crate::ServerEvent::Read`].
 */
export type Read = { 
/**
 * The room.
 */
room: RoomId, 
/**
 * The last entry that the user has seen. A smaller one than before marks later messages as unread.
 */
seq: Seq, };

/**
 * The argument of [`ClientEvent::SetName`].
 */
export type SetName = { 
/**
 * The new name.
 */
name: Name, };

/**
 * The limits that a client must know; [`crate::limits`] defines them.
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
 * Events of one connection without a response.
 */
pending_events: number, 
/**
 * Milliseconds between two `heads`.
 */
heads_interval_ms: number, };

/**
 * The argument of [`ServerEvent::Hello`].
 */
export type Hello = { 
/**
 * The server.
 */
server: ServerInfo, 
/**
 * The protocol version of this connection.
 */
protocol: number, 
/**
 * The client's identity on this server.
 */
me: MemberId, 
/**
 * The client's name on this server.
 */
name: Name, 
/**
 * The device id in the client's entries.
 */
device: DeviceId, 
/**
 * A guest's secret: a later connection with it in its `auth` payload is the same person. `None` for a client with a key.
 */
guest_secret?: string, 
/**
 * The room that every person is in.
 */
lobby: RoomId, 
/**
 * The first of the person's rooms, the lobby among them.
 */
rooms: Array<RoomSummary>, 
/**
 * `true` if the person is in further rooms, which `rooms` lists.
 */
more?: boolean, 
/**
 * The limits that the server enforces.
 */
limits: LimitsInfo, 
/**
 * The server's clock, in milliseconds since the Unix epoch.
 */
now: number, };

/**
 * The argument of [`ServerEvent::Entries`].
 */
export type Entries = { 
/**
 * The room.
 */
room: RoomId, 
/**
 * The history that the entries belong to.
 */
epoch: Epoch, 
/**
 * The entries in order of `seq`, without a gap.
 */
entries: Array<Entry>, };

/**
 * The argument of [`ServerEvent::Reset`].
 */
export type Reset = { 
/**
 * The room.
 */
room: RoomId, 
/**
 * The head of the history that replaces the client's.
 */
head: Head, };

/**
 * The argument of [`ServerEvent::Heads`].
 */
export type Heads = { 
/**
 * The head of each room.
 */
heads: Record<string, Head>, };

/**
 * The argument of [`ServerEvent::Rooms`].
 */
export type RoomList = { 
/**
 * The rooms, by name; those that the user is in, in an order that never changes.
 */
rooms: Array<RoomSummary>, 
/**
 * The request's `joined`.
 */
joined?: boolean, 
/**
 * The request's `query`.
 */
query?: string, 
/**
 * The request's `after`.
 */
after?: RoomId, 
/**
 * `true` if others follow.
 */
more?: boolean, };

/**
 * The argument of [`ServerEvent::Members`].
 */
export type MemberList = { 
/**
 * The room.
 */
room: RoomId, 
/**
 * The present and former members: by name if the request has a part of it, otherwise in an order that never changes, in
 * which a new member is the last.
 */
members: Array<Member>, 
/**
 * The request's `query`.
 */
query?: string, 
/**
 * The request's `after`.
 */
after?: MemberId, 
/**
 * `true` if others follow, `false` if none do; absent if the request named the members.
 */
more?: boolean, };

/**
 * The argument of [`ServerEvent::Presence`].
 */
export type Presence = { 
/**
 * The people whose presence or name changed.
 */
people: Array<Person>, };

/**
 * The argument of [`ServerEvent::Typing`].
 */
export type TypingNow = { 
/**
 * The room.
 */
room: RoomId, 
/**
 * The member who types.
 */
member: MemberId, 
/**
 * `true` when typing starts or goes on, `false` when it stops.
 */
on: boolean, };

/**
 * The argument of [`ServerEvent::Refused`].
 */
export type Refused = { 
/**
 * The name of the refused event.
 */
event: string, 
/**
 * The room that the event named, if any.
 */
room?: RoomId, 
/**
 * The id of the entry that the event would have added, or its `around`, if any.
 */
id?: EntryId, 
/**
 * The reason.
 */
error: WireError, };

/**
 * The argument of [`ServerEvent::Closing`].
 */
export type Closing = { 
/**
 * A sentence for people.
 */
message: string, 
/**
 * The reason for programs. Default: `shutdown`.
 */
reason?: ClosingReason, };

/**
 * The reason why a server ends its connections.
 */
export type ClosingReason = "stopped" | "shutdown";

/**
 * An event from a client.
 */
export type ClientEvent = { "event": "post", "data": Post } | { "event": "create", "data": Create } | { "event": "rooms", "data": FindRooms } | { "event": "join", "data": InRoom } | { "event": "leave", "data": InRoom } | { "event": "members", "data": FindMembers } | { "event": "history", "data": History } | { "event": "sync", "data": Sync } | { "event": "typing", "data": Typing } | { "event": "away", "data": Away } | { "event": "read", "data": Read } | { "event": "set_name", "data": SetName };

/**
 * An event from a server.
 */
export type ServerEvent = { "event": "hello", "data": Hello } | { "event": "entries", "data": Entries } | { "event": "page", "data": Page } | { "event": "reset", "data": Reset } | { "event": "heads", "data": Heads } | { "event": "rooms", "data": RoomList } | { "event": "room", "data": RoomSummary } | { "event": "members", "data": MemberList } | { "event": "presence", "data": Presence } | { "event": "typing", "data": TypingNow } | { "event": "read", "data": Read } | { "event": "refused", "data": Refused } | { "event": "closing", "data": Closing };

/** The limits of the protocol, durations in milliseconds. */
export const limits = {
  maxTextBytes: 16384,
  maxNameChars: 64,
  maxNonspacingMarks: 4,
  maxMentions: 50,
  maxReactions: 500,
  maxGuestReactions: 250,
  maxOwnReactions: 20,
  maxTopicChars: 256,
  maxPageEntries: 200,
  maxListItems: 100,
  maxSyncRooms: 1000,
  maxPacketBytes: 131072,
  maxPendingEvents: 1024,
  maxPendingBytes: 1310720,
  maxPostsInFlight: 64,
  maxPresencePeople: 250,
  headsIntervalMs: 5000,
  typingTimeoutMs: 6000,
  nonceLifetimeMs: 120000,
  guestSecretLifetimeMs: 604800000,
  maxSeq: 1099511627775,
} as const;

/** The rules for the free text of entries. */
export const textRules = {
  message: {"max":16384,"unit":"bytes","tooLarge":{"code":"too_large","message":"A message has at most {max} bytes of text; this one has {size}."},"blank":{"code":"bad_request","message":"A message needs some text."},"mayBeEmpty":false,"control":null,"direction":null,"marks":null},
  topic: {"max":256,"unit":"chars","tooLarge":{"code":"too_large","message":"A topic has at most {max} characters."},"blank":{"code":"bad_request","message":"A topic needs some text, or none at all."},"mayBeEmpty":true,"control":{"code":"bad_request","message":"A topic is one line of text."},"direction":{"code":"bad_request","message":"A topic can't contain direction-changing characters."},"marks":{"code":"bad_request","message":"A topic can't contain stacks of combining marks."}},
} as const satisfies Record<string, TextRule>;

/** The refusal of a reaction that is not exactly one emoji. */
export const notOneEmoji: WireError = {"code":"bad_request","message":"A reaction is one emoji."};

/** Characters that show nothing although Unicode doesn't list them as ignorable, as a class of a regular expression. */
export const otherInvisible = "\\u{2800}\\u{fff9}-\\u{fffc}\\u{13430}-\\u{1343f}\\u{16fe4}\\u{1d159}";

/** The properties of each kind of entry. */
export const kinds = {
  created: {"writer":"server","effect":null,"collapse":"never","isTarget":false,"countsAsUnread":false,"inTimeline":true},
  joined: {"writer":"server","effect":null,"collapse":"never","isTarget":false,"countsAsUnread":false,"inTimeline":true},
  left: {"writer":"server","effect":null,"collapse":"never","isTarget":false,"countsAsUnread":false,"inTimeline":true},
  member_renamed: {"writer":"server","effect":null,"collapse":"never","isTarget":false,"countsAsUnread":false,"inTimeline":true},
  room_renamed: {"writer":"member","effect":null,"collapse":"never","isTarget":false,"countsAsUnread":false,"inTimeline":true},
  topic: {"writer":"member","effect":null,"collapse":"never","isTarget":false,"countsAsUnread":false,"inTimeline":true},
  message: {"writer":"member","effect":null,"collapse":"never","isTarget":true,"countsAsUnread":true,"inTimeline":true},
  edit: {"writer":"target_author","effect":"replace_text","collapse":"per_target","isTarget":false,"countsAsUnread":false,"inTimeline":false},
  delete: {"writer":"target_author","effect":"erase","collapse":"per_target","isTarget":false,"countsAsUnread":false,"inTimeline":false},
  wiped: {"writer":"server","effect":null,"collapse":"never","isTarget":false,"countsAsUnread":false,"inTimeline":true},
  react: {"writer":"member","effect":"annotate","collapse":"per_author","isTarget":false,"countsAsUnread":false,"inTimeline":false},
  unknown: {"writer":"unknown","effect":null,"collapse":"never","isTarget":false,"countsAsUnread":false,"inTimeline":true},
} as const satisfies Record<Kind, KindProperties>;

export const protocols: readonly number[] = [1];
