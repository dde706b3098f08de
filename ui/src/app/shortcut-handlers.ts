import type { WindowControl } from "../backend";
import { breakpoints } from "../shared/breakpoints";
import { isVisible } from "../shared/visible";
import type { RoomState } from "../rooms/room-state.svelte";
import type { AppState } from "../state/app-state.svelte";
import { findShortcut, globalShortcuts, type GlobalShortcut, isMac } from "../shared/keyboard";
import type { Zoom } from "../state/zoom.svelte";

const regions = ["rooms", "timeline", "composer", "panel"] as const;

/** The elements that F6 focuses in a region, in order of preference: the open room, the message that Tab reaches, … */
const focusTargets = ["[aria-current]", "[data-message][tabindex='0']", "textarea", "button"];

/** The shortcuts of the window, which work on every screen. A browser has its own. */
const ofWindow: readonly GlobalShortcut[] = ["zoomIn", "zoomOut", "zoomReset", "fullscreen", "closeWindow", "quit"];
/** The shortcuts that also work in an open dialog or popup. It handles all other keys itself. */
const inDialogs: readonly GlobalShortcut[] = ["switcher", "help", "back", "forward", ...ofWindow];

/** The actions of the shortcuts. A handler returns `false` to leave the key to the browser. */
const handlers: Record<GlobalShortcut, (app: AppState, event: KeyboardEvent) => unknown> = {
  switcher: (app) => void (app.overlay = { kind: "switcher" }),
  help: (app) => void (app.overlay = { kind: "shortcuts" }),
  panel: (app) => app.togglePanel("people"),
  previousRoom: (app) => openRoom(app, -1),
  nextRoom: (app) => openRoom(app, 1),
  previousUnreadRoom: (app) => openUnreadRoom(app, -1),
  nextUnreadRoom: (app) => openUnreadRoom(app, 1),
  oldestUnread(app, { target }) {
    // In a text it selects.
    if (isTextField(target) && target.value !== "") return false;
    app.room?.visit.jumpToNewLine();
    return true;
  },
  escape,
  nextRegion: () => focusNextRegion(1),
  previousRegion: () => focusNextRegion(-1),
  back: (app, event) => moveInHistory(app, event, -1),
  forward: (app, event) => moveInHistory(app, event, 1),
  zoomIn: (app) => withZoom(app, (zoom) => zoom.step(1)),
  zoomOut: (app) => withZoom(app, (zoom) => zoom.step(-1)),
  zoomReset: (app) => withZoom(app, (zoom) => zoom.reset()),
  fullscreen: (app) => withWindow(app, (window) => window.toggleFullscreen()),
  closeWindow: (app) => withWindow(app, (window) => window.close()),
  quit: (app) => withWindow(app, (window) => window.requestQuit()),
};

/** Handles the application's global shortcuts. Focused dialogs, messages and the composer handle their own keys first. */
export function handleShortcut(app: AppState, event: KeyboardEvent): void {
  if (event.defaultPrevented) return;
  const shortcut = findShortcut(globalShortcuts, event);
  if (shortcut === null) return;
  if ((app.showsFirstRun || app.fatal !== null) && !ofWindow.includes(shortcut)) return;
  if (isInDialog(app, event.target) && !inDialogs.includes(shortcut)) return;
  if (handlers[shortcut](app, event) !== false) event.preventDefault();
}

/** Goes back or forward on the fourth and fifth button of a mouse, where no browser around the page does so. */
export function handleHistoryButton(app: AppState, event: MouseEvent): void {
  const steps = { 3: -1, 4: 1 }[event.button];
  if (steps === undefined || app.backend.handlesHistoryKeys) return;
  event.preventDefault();
  history.go(steps);
}

/** Goes back or forward, unless the browser does, or the key moves by a word in a text on a Mac. */
function moveInHistory(app: AppState, { altKey, target }: KeyboardEvent, steps: number): boolean {
  const movesInText = altKey && isMac() && isTextField(target);
  if (app.backend.handlesHistoryKeys || movesInText) return false;
  history.go(steps);
  return true;
}

/** Returns whether an element is written in. Buttons and list items have a `value`, too. */
function isTextField(target: EventTarget | null): target is HTMLInputElement | HTMLTextAreaElement {
  return target !== null && "selectionStart" in target;
}

/** Returns whether a dialog or popup is open, or the event comes from one. */
export function isInDialog(app: AppState, target: EventTarget | null): boolean {
  const isOpen = target !== null && "closest" in target && (target as Element).closest("dialog, [popover]") !== null;
  return app.overlay !== null || isOpen;
}

function withZoom(app: AppState, act: (zoom: Zoom) => void): boolean {
  if (!app.zoom) return false;
  act(app.zoom);
  return true;
}

function withWindow(app: AppState, act: (window: WindowControl) => void): boolean {
  const { window } = app.backend;
  if (!window) return false;
  act(window);
  return true;
}

/** Opens the room before (-1) or after (1) the open one. */
function openRoom(app: AppState, step: number): void {
  const next = nearestRoom(app, step, () => true);
  if (next) app.open(next.server.id, next.room.id);
}

/** Opens the nearest room before (-1) or after (1) the open one that has unread messages, at what is new. */
function openUnreadRoom(app: AppState, step: number): void {
  const next = nearestRoom(app, step, (room) => room.unread > 0);
  if (next) app.openNews(next.server.id, next.room.id);
}

/** Returns the nearest room before (-1) or after (1) the open one that fulfils a condition. The open one is the last. */
function nearestRoom(app: AppState, step: number, condition: (room: RoomState) => boolean) {
  const all = app.servers.flatMap((server) => server.rooms.map((room) => ({ server, room })));
  const current = all.findIndex(({ room }) => room === app.room);
  for (let i = 1; i <= all.length; i++) {
    const next = all[stepFrom(current, step * i, all.length)];
    if (next && condition(next.room)) return next;
  }
  return undefined;
}

/** Returns the index that many steps from `current`, around the ends. From -1, no element, it starts outside the list. */
function stepFrom(current: number, step: number, length: number): number {
  const start = current < 0 && step < 0 ? 0 : current;
  return (((start + step) % length) + length) % length;
}

/** Closes the drawer or the overlaid panel; if neither is open, marks the room as read. */
function escape(app: AppState): void {
  if (app.drawer) app.drawer = false;
  else if (app.panel && matchMedia(breakpoints.medium).matches) app.panel = null;
  else app.room?.visit.markAllRead();
}

function focusNextRegion(step: number): void {
  const visible = regions
    .map((name) => document.querySelector<HTMLElement>(`[data-region="${name}"]`))
    .filter((region) => region !== null && isVisible(region) && !region.closest("[inert]"));
  const current = visible.findIndex((region) => region?.contains(document.activeElement));
  const next = visible[stepFrom(current, step, visible.length)];
  for (const selector of focusTargets) {
    const element = next?.querySelector<HTMLElement>(selector);
    if (!element) continue;
    element.focus();
    return;
  }
}
