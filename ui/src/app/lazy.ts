/** The lazyComponents of the interface that start does not wait for. */
export const lazyComponents = {
  joinOptions: () => import("../start/JoinOptions.svelte"),
  overlays: () => import("./Overlays.svelte"),
  messageDialogs: () => import("../chat/MessageDialogs.svelte"),
  emojiPicker: () => import("../chat/EmojiPicker.svelte"),
  sidePanel: () => import("./SidePanel.svelte"),
};

/** How long to wait where a browser doesn't tell when it has nothing to do, in milliseconds. */
const restMs = 500;

/**
 * Loads them as soon as the page has been painted and nothing else is to do, so that each is there when it is wanted, also
 * after the host has gone. To be called when the first screen is there: a page that waits for its back end is idle too.
 */
export function preloadWhenIdle(): void {
  // A page in the background is not painted, and its host may be gone when somebody looks at it.
  if (document.hidden) return whenIdle(load);
  const observer = new PerformanceObserver((paints) => {
    if (paints.getEntriesByName("first-contentful-paint").length === 0) return;
    observer.disconnect();
    whenIdle(load);
  });
  observer.observe({ type: "paint", buffered: true });
}

function load(): void {
  // What fails here is told when it is wanted, and tried again then.
  void Promise.allSettled(Object.values(lazyComponents).map((load) => load()));
}

function whenIdle(then: () => void): void {
  // Safari and WebKitGTK have no requestIdleCallback.
  if ("requestIdleCallback" in window) requestIdleCallback(then, { timeout: 4 * restMs });
  else setTimeout(then, restMs);
}
