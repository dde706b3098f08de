/** The desktop's back end: calls one command of the shell per action, and receives events from it over one channel. */

import { Channel, invoke } from "@tauri-apps/api/core";
import type { Backend, BackendEvent } from "./index";
import type { Command } from "./session-types";

/** The shell's command for each command of a session. */
const shellCommands = {
  send: "send",
  retry: "retry",
  discard: "discard",
  create: "create_room",
  browse: "browse_rooms",
  join: "join_room",
  leave: "leave_room",
  open: "open_room",
  history: "history",
  typing: "typing",
  read: "read",
  away: "away",
  set_name: "set_name",
} as const satisfies Record<Command["command"], string>;

export const backend: Backend = {
  async start(onEvent) {
    const events = new Channel<BackendEvent>();
    events.onmessage = onEvent;
    await invoke("start", { events });
  },
  async command(server, { command, ...fields }) {
    await invoke(shellCommands[command], { server, ...fields });
  },
  async setName(name) {
    await invoke("set_name", { name });
  },
  setFocused(focused) {
    invokeAndForget("set_focused", { focused });
  },
  notify(notification) {
    invokeAndForget("notify", { notification });
  },
  badge(unread) {
    invokeAndForget("badge", { unread });
  },
  handlesHistoryKeys: false,
  hosting: {
    start: (name) => invoke("host_start", { name }),
    stop: () => invoke("host_stop"),
    hide: () => invoke("hide"),
    quit: () => invoke("quit"),
  },
  nearby: {
    join: (server) => invoke("nearby_join", { server }),
  },
  servers: {
    join: (address) => invoke("server_join", { address }),
    forget: (server) => invoke("server_forget", { server }),
  },
};

/** Invokes a command without waiting for it. The shell logs its own failures, and the user could do nothing about them. */
function invokeAndForget(command: string, fields: Record<string, unknown>): void {
  invoke(command, fields).catch(() => undefined);
}
