/** The desktop: everything is done by the shell, behind one command per action and one channel of events. */

import { Channel, invoke } from "@tauri-apps/api/core";
import type { Backend, BackendEvent } from "./index";
import type { Command } from "./session-types";

/** The shell's command for each thing that a person wants of a server. */
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
  async start(on) {
    const events = new Channel<BackendEvent>();
    events.onmessage = on;
    await invoke("start", { events });
  },
  async command(server, { command, ...fields }) {
    await invoke(shellCommands[command], { server, ...fields });
  },
  async setName(name) {
    await invoke("set_name", { name });
  },
  attention(focused) {
    tell("attention", { focused });
  },
  notify(notice) {
    tell("notify", { notice });
  },
  badge(unread) {
    tell("badge", { unread });
  },
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

/** For what nobody waits for: the shell writes its own failures to its log, and there is nothing that a person could do. */
function tell(command: string, fields: Record<string, unknown>): void {
  invoke(command, fields).catch(() => undefined);
}
