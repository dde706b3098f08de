import type { Backend } from "../backend";
import { lazyComponents as chatComponents, lazyData as chatData } from "../chat/lazy";
import { lazyComponents as startComponents } from "../start/lazy";
import { lazyData as textData } from "../text/lazy";

/** The components that are loaded after the start, so that it is fast. */
export const lazyComponents = {
  ...startComponents,
  /** Is loaded while the connection is being made. */
  room: () => import("../chat/RoomView.svelte"),
  missingRoom: () => import("./MissingRoom.svelte"),
  overlays: () => import("./Overlays.svelte"),
  sidePanel: () => import("./SidePanel.svelte"),
};

/** The parts that must be there even after the host has gone. */
const lazyParts = [lazyComponents, chatComponents, chatData, textData];

/** The delay where the browser has no `requestIdleCallback`, in milliseconds. */
const fallbackDelayMs = 500;

/**
 * Loads all lazy parts, and those of the back end, as soon as the page has been painted and is idle: the host may go. Call it
 * when the first screen is shown: a page that waits for its back end is idle, too.
 */
export function preloadWhenIdle(backend: Backend): void {
  const task = () => preload(backend);
  // A page in the background is never painted, and its host may be gone by the time the user looks at it.
  if (document.hidden) return whenIdle(task);
  const observer = new PerformanceObserver((paints) => {
    if (paints.getEntriesByName("first-contentful-paint").length === 0) return;
    observer.disconnect();
    whenIdle(task);
  });
  observer.observe({ type: "paint", buffered: true });
}

function preload(backend: Backend): void {
  // A failure here is ignored: the part is loaded again, and a failure reported, when it is needed.
  const loads = lazyParts.flatMap((parts) => Object.values(parts).map((load) => load()));
  void Promise.allSettled([...loads, backend.preload?.()]);
}

function whenIdle(task: () => void): void {
  // Safari and WebKitGTK have no requestIdleCallback.
  if ("requestIdleCallback" in window) requestIdleCallback(task, { timeout: 4 * fallbackDelayMs });
  else setTimeout(task, fallbackDelayMs);
}
