/** The parts of the interface that start does not wait for. */
export const parts = {
  waysIn: () => import("../start/WaysIn.svelte"),
  overlays: () => import("./Overlays.svelte"),
  choices: () => import("../chat/Choices.svelte"),
  emojiPicker: () => import("../chat/EmojiPicker.svelte"),
  sidePanel: () => import("./SidePanel.svelte"),
};

/** How long the start may take where a browser doesn't tell when it has nothing to do, in milliseconds. */
const startMs = 500;

/** Loads them as soon as nothing else is to do, so that each is there when it is wanted, also after the host has gone. */
export function loadWhenIdle(): void {
  // What fails here is told when it is wanted, and tried again then.
  const load = () => void Promise.allSettled(Object.values(parts).map((part) => part()));
  // Safari and WebKitGTK have no requestIdleCallback.
  if ("requestIdleCallback" in window) requestIdleCallback(load, { timeout: 4 * startMs });
  else setTimeout(load, startMs);
}
