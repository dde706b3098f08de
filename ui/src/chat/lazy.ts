import { loadCopying } from "./copying";

/** The parts of the room that are loaded after the first paint, so that the start is fast. */
export const lazyComponents = {
  completionList: () => import("./CompletionList.svelte"),
  composerContext: () => import("./ComposerContext.svelte"),
  jumpButtons: () => import("./JumpButtons.svelte"),
  messageDialogs: () => import("./MessageDialogs.svelte"),
  emojiPicker: () => import("./EmojiPicker.svelte"),
  roomMenu: () => import("./RoomMenu.svelte"),
};

/** Data of the room, and code without a component, that are loaded after the first paint. */
export const lazyData = { emojiShortcodes: () => import("./emoji-shortcodes.json"), copying: loadCopying };
