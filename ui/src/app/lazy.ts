/** The components that are loaded after the first paint, so that the start is fast. */
export const lazyComponents = {
  joinOptions: () => import("../start/JoinOptions.svelte"),
  overlays: () => import("./Overlays.svelte"),
  messageDialogs: () => import("../chat/MessageDialogs.svelte"),
  emojiPicker: () => import("../chat/EmojiPicker.svelte"),
  roomMenu: () => import("../chat/RoomMenu.svelte"),
  sidePanel: () => import("./SidePanel.svelte"),
};

/** Modules that are no components and are loaded when they are needed: data, and the signature of a browser's answer to the server. */
const lazyData = [() => import("../chat/emoji-shortcodes.json"), () => import("../backend/web/signature")];

/** The delay where the browser has no `requestIdleCallback`, in milliseconds. */
const fallbackDelayMs = 500;

/**
 * Loads all lazy components as soon as the page has been painted and is idle, so that they are available even after the
 * host has gone. Call it when the first screen is shown: a page that waits for its back end is idle, too.
 */
export function preloadWhenIdle(): void {
  // A page in the background is never painted, and its host may be gone by the time the user looks at it.
  if (document.hidden) return whenIdle(preload);
  const observer = new PerformanceObserver((paints) => {
    if (paints.getEntriesByName("first-contentful-paint").length === 0) return;
    observer.disconnect();
    whenIdle(preload);
  });
  observer.observe({ type: "paint", buffered: true });
}

function preload(): void {
  // A failure here is ignored: the component is loaded again, and a failure reported, when it is needed.
  void Promise.allSettled([...Object.values(lazyComponents), ...lazyData].map((load) => load()));
}

function whenIdle(task: () => void): void {
  // Safari and WebKitGTK have no requestIdleCallback.
  if ("requestIdleCallback" in window) requestIdleCallback(task, { timeout: 4 * fallbackDelayMs });
  else setTimeout(task, fallbackDelayMs);
}
