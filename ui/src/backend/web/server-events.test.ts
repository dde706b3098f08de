/**
 * Events of a server that is hostile, broken or newer, in a browser:
 * - an event of the protocol is as it was sent, also with fields of a later version
 * - an event that is unknown, or whose fields have other types, is dropped
 * - so is a hello that lacks a limit
 * - of a refusal a time that can't be understood is left out
 * - of a list of rooms, members or people the wrong ones are left out
 * - an entry whose body lacks a field, or has one of another type, is of an unknown kind; one of a later kind
 *   stays, whatever its name
 */
import { expect, it } from "vitest";
import { propertiesOf } from "../entry-kinds";
import { type Body, kinds } from "../protocol";
import { parseServerEvent } from "./server-events";

const room = "01890a5d-ac96-774b-bcce-b302099a8057";
const epoch = "9c2b7f3e-41d0-4d53-8f0b-6f7f8c1b2a3d";
const head = { epoch, seq: 1 };
const summary = { id: room, name: "Lobby", topic: "", members: 1, head, joined: true, read: 0, unread: 0 };
const entry = (body: unknown) => ({ seq: 1, id: "id", author: "ada", device: "d", at: 5, body });
const limits = { text_bytes: 1, page_entries: 1, packet_bytes: 1, pending_events: 1, heads_interval_ms: 1 };
const server = { id: "s", name: "Office", software: "x" };
const hello = {
  server,
  protocol: 1,
  me: "ada",
  name: "Ada",
  device: "d",
  lobby: room,
  rooms: [summary],
  limits,
  now: 1,
};

const events: [string, object][] = [
  ["hello", hello],
  [
    "entries",
    { room, epoch, entries: [entry({ kind: "message", text: "x", mentions: [{ member: "m", name: "n" }] })] },
  ],
  [
    "page",
    {
      room,
      head,
      entries: [entry({ kind: "joined", name: "Ada" })],
      later: [entry({ kind: "edit", of: "id", text: "y" })],
    },
  ],
  ["page", { room, head, entries: [] }],
  ["reset", { room, head }],
  ["heads", { heads: { [room]: head } }],
  ["rooms", { rooms: [summary] }],
  ["room", summary],
  [
    "members",
    {
      room,
      members: [
        { id: "ada", name: "Ada" },
        { id: "bob", name: "Bob", left: true, since: 7 },
      ],
    },
  ],
  ["presence", { people: [{ id: "ada", name: "Ada", availability: "away" }] }],
  ["typing", { room, member: "ada", on: true }],
  ["read", { room, seq: 3 }],
  ["refused", { event: "post", id: "id", error: { code: "busy", message: "Wait." } }],
  ["closing", { message: "Bye.", reason: "stopped" }],
];

it.each(events)("takes %s as it was sent", (event, data) => {
  expect(parseServerEvent(event, data)).toEqual({ event, data });
  const later = { ...data, added: { in: "a later version" } };
  expect(parseServerEvent(event, later)).toMatchObject({ event, data });
});

it.each(events)("drops %s when a field of it is missing or of another type", (event, data) => {
  const optional = new Set(["later", "reason", "id"]);
  for (const field of Object.keys(data)) {
    for (const value of [null, {}, [null], 0.5, undefined]) {
      if (value === undefined && optional.has(field)) continue;
      // What is an object or a list in it is checked in the cases below.
      if (["rooms", "members", "people"].includes(field) && Array.isArray(value)) continue;
      if (field === "heads" && value && !Array.isArray(value) && typeof value === "object") continue;
      const wrong = { ...data, [field]: value };
      expect(parseServerEvent(event, wrong), `${field}: ${JSON.stringify(value)}`).toBeUndefined();
    }
  }
});

it("drops an event that it doesn't know", () => {
  for (const name of ["fanfare", "__proto__", "constructor", "toString"])
    expect(parseServerEvent(name, {})).toBeUndefined();
  for (const data of [null, undefined, 5, "x", []]) expect(parseServerEvent("read", data)).toBeUndefined();
});

it("leaves out the rooms, members and people that are wrong", () => {
  const wrong = [null, 1, {}, { id: 5, name: {} }, { ...summary, name: "x".repeat(1e6) }, { ...summary, head: null }];
  expect(parseServerEvent("rooms", { rooms: [...wrong, summary] })).toMatchObject({ data: { rooms: [summary] } });
  expect(parseServerEvent("hello", { ...hello, rooms: [...wrong, summary] })).toMatchObject({
    data: { rooms: [summary] },
  });
  const ada = { id: "ada", name: "Ada", availability: "online" };
  const nobody = [null, { id: "x" }, { id: "x", name: " " }, { id: {}, name: 7, availability: "x" }];
  expect(parseServerEvent("members", { room, members: [...nobody, ada] })).toMatchObject({ data: { members: [ada] } });
  expect(parseServerEvent("presence", { people: [...nobody, ada] })).toMatchObject({ data: { people: [ada] } });
});

it.each([
  null,
  5,
  [],
  {},
  { kind: 5 },
  { kind: "message" },
  { kind: "message", text: {} },
  { kind: "message", text: "x", reply_to: {} },
  { kind: "message", text: "x", mentions: [null] },
  { kind: "message", text: "x", mentions: [{ member: 1, name: 2 }] },
  { kind: "topic", text: {} },
  { kind: "topic", text: "x".repeat(1e6) },
  { kind: "joined" },
  { kind: "created", name: [] },
  { kind: "member_renamed", name: "Ada", from: {} },
  { kind: "edit", text: "x" },
  { kind: "delete" },
  { kind: "react", to: 5, emoji: {}, on: "x" },
])("makes an entry of an unknown kind of one with the body %j", (body) => {
  for (const [event, data] of [
    ["entries", { room, epoch, entries: [entry(body)] }],
    ["page", { room, head, entries: [entry(body)] }],
  ] as const)
    expect(parseServerEvent(event, data)).toMatchObject({ data: { entries: [entry({ kind: "unknown" })] } });
});

it.each(["poll", "__proto__", "toString"])("keeps an entry of a later kind: %s", (kind) => {
  const body = { kind, question: "Lunch?" } as unknown as Body;
  expect(parseServerEvent("entries", { room, epoch, entries: [entry(body)] })).toMatchObject({
    data: { entries: [{ body }] },
  });
  expect(propertiesOf(body)).toEqual(kinds.unknown);
});

it("drops a hello when one of its limits is missing or of another type", () => {
  for (const name of Object.keys(limits))
    for (const value of [undefined, "1", null, {}])
      expect(parseServerEvent("hello", { ...hello, limits: { ...limits, [name]: value } })).toBeUndefined();
});

it.each([1.5, -1, 1e99, null, "soon", [1]])("leaves a time of %j out of a refusal", (time) => {
  const error = { code: "busy", message: "Wait." };
  const refused = { event: "read", room, error: { ...error, retry_after_ms: time } };
  expect(parseServerEvent("refused", refused)).toEqual({ event: "refused", data: { event: "read", room, error } });
});

it("takes the time of a refusal", () => {
  const data = { event: "read", room, error: { code: "busy", message: "Wait.", retry_after_ms: 1500 } };
  expect(parseServerEvent("refused", data)).toEqual({ event: "refused", data });
});
