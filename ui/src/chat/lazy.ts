import { loadCopying } from "./copying";

/** The parts of the room that are loaded after the first paint, so that the start is fast. */
export const lazyComponents = {
  composerContext: () => import("./ComposerContext.svelte"),
  messageDialogs: () => import("./MessageDialogs.svelte"),
  emojiPicker: () => import("./EmojiPicker.svelte"),
  roomMenu: () => import("./RoomMenu.svelte"),
};

/** What the room needs later than its first paint: data, and the code that copies. */
export const lazyData = { emojiShortcodes: () => import("./emoji-shortcodes.json"), copying: loadCopying };
