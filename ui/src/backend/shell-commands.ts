// Generated from src-tauri by its test `types`. Do not edit.

/** The commands of the shell. */
export const shellCommands = [
  "start",
  "send",
  "retry",
  "discard",
  "editing",
  "create_room",
  "browse_rooms",
  "join_room",
  "leave_room",
  "open_room",
  "history",
  "typing",
  "read",
  "away",
  "set_name",
  "reconnect",
  "host_start",
  "host_stop",
  "nearby_join",
  "server_join",
  "server_forget",
  "notify",
  "withdraw_notification",
  "badge",
  "set_theme",
  "set_zoom",
  "toggle_fullscreen",
  "close",
  "request_quit",
  "acknowledge_question",
  "quit",
  "hide",
] as const;

export type ShellCommand = (typeof shellCommands)[number];
