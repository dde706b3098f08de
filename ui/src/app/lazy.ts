import { lazyComponents as chatComponents, lazyData as chatData } from "../chat/lazy";
import { lazyComponents as startComponents } from "../start/lazy";

/** The components that are loaded after the first paint, so that the start is fast. */
export const lazyComponents = {
  ...startComponents,
  overlays: () => import("./Overlays.svelte"),
  sidePanel: () => import("./SidePanel.svelte"),
};

/** Everything that is loaded later. Of the back end it is the signature of a browser's answer to the server. */
const lazyParts = [lazyComponents, chatComponents, chatData, { signature: () => import("../backend/web/signature") }];

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
  void Promise.allSettled(lazyParts.flatMap((parts) => Object.values(parts).map((load) => load())));
}

function whenIdle(task: () => void): void {
  // Safari and WebKitGTK have no requestIdleCallback.
  if ("requestIdleCallback" in window) requestIdleCallback(task, { timeout: 4 * fallbackDelayMs });
  else setTimeout(task, fallbackDelayMs);
}
