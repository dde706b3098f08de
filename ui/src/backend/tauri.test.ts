/**
 * The desktop's back end and the shell have the same commands:
 * - every method of the back end calls a command of the shell, and every command of the shell is called
 * - a command is passed with its server and its fields
 * - an error of the shell is passed on unchanged
 */

import type { Channel } from "@tauri-apps/api/core";
import { clearMocks, mockIPC } from "@tauri-apps/api/mocks";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { BackendEvent } from "./index";
import type { Command } from "./session-types";
import { shellCommands } from "./shell-commands";
import { backend } from "./tauri";

const server = "5f6a2e51-5d0c-4a2b-9a43-0c3e53a6c1d2";
const [room, id] = ["a room", "an entry"];
const commands: Command[] = [
  { command: "send", room, id, body: { kind: "message", text: "hi" }, written: 1 },
  { command: "retry", id },
  { command: "discard", id },
  { command: "editing", id, on: true },
  { command: "create", room, name: "Lunch" },
  { command: "browse" },
  { command: "find_members", room, query: "Ad" },
  { command: "join", room },
  { command: "leave", room },
  { command: "open", room },
  { command: "history", room, range: { limit: 10 } },
  { command: "typing", room, on: true },
  { command: "read", room, seq: 1 },
  { command: "away", away: true },
  { command: "set_name", name: "Ada" },
];

let invoked: [command: string, fields: unknown][] = [];

beforeEach(() => {
  // The API needs a `window`, and the back end a `document`, which Node doesn't have.
  Object.assign(globalThis, { window: globalThis, document: new EventTarget() });
  invoked = [];
  mockIPC((command, fields) => void invoked.push([command, fields]));
});

afterEach(clearMocks);

/** Receives an event of the shell. */
const receive = (event: BackendEvent) => {
  const [, fields] = invoked.find(([command]) => command === "start") ?? [];
  (fields as { events: Channel<BackendEvent> }).events.onmessage(event);
};

/** Returns all methods of an object and of the objects in it. */
function methodsOf(object: object): ((...fields: unknown[]) => unknown)[] {
  return Object.values(object).flatMap((member: unknown) => {
    if (typeof member === "function") return [member.bind(object) as () => unknown];
    return typeof member === "object" && member !== null ? methodsOf(member) : [];
  });
}

test("every method calls a command of the shell, and every command is called", async () => {
  await backend.start(() => undefined);
  receive({ event: "ask_quit", tray: true });
  for (const command of commands) await backend.command(server, command);
  const { start: _start, command: _command, ...others } = backend;
  for (const method of methodsOf(others)) {
    const before = invoked.length;
    await method({}, {});
    expect(invoked, `a command of ${method.name}`).toHaveLength(before + 1);
  }
  expect([...new Set(invoked.map(([command]) => command))].sort()).toEqual([...shellCommands].sort());
});

test("a command is passed with its server and its fields", async () => {
  await backend.command(server, { command: "create", room, name: "Lunch" });
  await backend.command(server, { command: "history", room, range: { before: 3, limit: 10 } });
  expect(invoked).toEqual([
    ["create_room", { server, room, name: "Lunch" }],
    ["history", { server, room, range: { before: 3, limit: 10 } }],
  ]);
});

test("an error of the shell is passed on unchanged", async () => {
  const refusal = { code: "bad_request", message: "This is no address." };
  mockIPC(() => {
    throw refusal;
  });
  await expect(backend.servers?.join("?")).rejects.toEqual(refusal);
});
