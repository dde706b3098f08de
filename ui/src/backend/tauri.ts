/** The desktop's back end: calls one command of the shell per action, and receives events from it over one channel. */

import * as tauri from "@tauri-apps/api/core";
import type { Backend, BackendEvent } from "./index";
import type { Command } from "./session-types";
import type { ShellCommand } from "./shell-commands";

/** The shell's command for each command of a session. */
const sessionCommands = {
  send: "send",
  retry: "retry",
  discard: "discard",
  editing: "editing",
  create: "create_room",
  browse: "browse_rooms",
  find_members: "find_members",
  join: "join_room",
  leave: "leave_room",
  open: "open_room",
  history: "history",
  typing: "typing",
  read: "read",
  away: "away",
  set_name: "set_name",
} as const satisfies Record<Command["command"], ShellCommand>;

export const backend: Backend = {
  async start(onEvent) {
    const events = new tauri.Channel<BackendEvent>();
    events.onmessage = (event) => {
      onEvent(event);
      // A page that doesn't say so counts as not responding: the next request to close the window then ends the app.
      if (event.event === "ask_quit" || event.event === "ask_stop") invokeAndForget("acknowledge_question");
    };
    removeBrowserMenu();
    await invoke("start", { events });
  },
  async command(server, { command, ...fields }) {
    await invoke(sessionCommands[command], { server, ...fields });
  },
  async setName(name) {
    await invoke("set_name", { name });
  },
  reconnect(server) {
    invokeAndForget("reconnect", server === undefined ? {} : { server });
  },
  hurry(server) {
    invokeAndForget("hurry", { server });
  },
  notify(notification) {
    invokeAndForget("notify", { notification });
  },
  withdrawNotification(server, room) {
    invokeAndForget("withdraw_notification", { server, room });
  },
  badge(unread, mentions) {
    invokeAndForget("badge", { unread, mentions });
  },
  handlesHistoryKeys: false,
  window: {
    setTheme: (theme) => invokeAndForget("set_theme", { theme }),
    toggleFullscreen: () => invokeAndForget("toggle_fullscreen"),
    close: () => invokeAndForget("close"),
    requestQuit: () => invokeAndForget("request_quit"),
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
  zoom: {
    set: (factor) => invokeAndForget("set_zoom", { factor }),
  },
};

function invoke<T>(command: ShellCommand, fields: Record<string, unknown> = {}): Promise<T> {
  return tauri.invoke<T>(command, fields);
}

/** Invokes a command without waiting for it. The shell logs its own failures, and the user could do nothing about them. */
function invokeAndForget(command: ShellCommand, fields: Record<string, unknown> = {}): void {
  invoke(command, fields).catch(() => undefined);
}

/**
 * Removes the browser's own menu where there is nothing to edit, copy or follow: going back or loading again makes no sense in
 * an app. On Linux the shell also leaves only what works in the other menus.
 */
function removeBrowserMenu(): void {
  document.addEventListener("contextmenu", (event) => {
    const selected = !(getSelection()?.isCollapsed ?? true);
    const works =
      event.target instanceof Element && event.target.closest("input, textarea, [contenteditable], a[href]");
    if (!works && !selected) event.preventDefault();
  });
}
