import type { AppState } from "./app-state.svelte";

const regions = ["rooms", "timeline", "composer", "panel"] as const;

/** The elements that F6 focuses in a region, in order of preference: the open room, the message that Tab reaches, … */
const focusTargets = ["[aria-current]", "[data-message][tabindex='0']", "textarea", "button"];

/** Handles the application's global shortcuts. Focused dialogs and the composer handle their own keys first. */
export function handleShortcut(app: AppState, event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing || app.showsFirstRun || app.fatal !== null) return;
  const control = event.ctrlKey || event.metaKey;
  const handled = control ? withControl(app, event) : event.altKey ? withAlt(app, event) : plain(app, event);
  if (handled) event.preventDefault();
}

function withControl(app: AppState, { key, shiftKey, altKey }: KeyboardEvent): boolean {
  if (altKey) return false;
  // Many keyboard layouts have `/` on a shifted key.
  if (key === "/") app.overlay = "shortcuts";
  else if (shiftKey) return false;
  else if (key === "k") app.overlay = "switcher";
  else if (key === ".") app.togglePanel("people");
  else return false;
  return true;
}

function withAlt(app: AppState, { key, shiftKey }: KeyboardEvent): boolean {
  if (key !== "ArrowUp" && key !== "ArrowDown") return false;
  const all = app.servers.flatMap((server) => server.rooms.map((room) => ({ server, room })));
  const current = all.findIndex(({ room }) => room === app.room);
  const step = key === "ArrowUp" ? -1 : 1;
  for (let i = 1; i <= all.length; i++) {
    const next = all[stepFrom(current, step * i, all.length)];
    if (!next || (shiftKey && next.room.unread === 0)) continue;
    app.open(next.server.id, next.room.id);
    break;
  }
  return true;
}

/** Returns the index that many steps from `current`, around the ends. From -1, no element, it starts outside the list. */
function stepFrom(current: number, step: number, length: number): number {
  const start = current < 0 && step < 0 ? 0 : current;
  return (((start + step) % length) + length) % length;
}

function plain(app: AppState, { key, shiftKey, target }: KeyboardEvent): boolean {
  // An open dialog or popup handles these keys itself.
  if (app.overlay !== null || (target instanceof Element && target.closest("dialog, [popover]"))) return false;
  if (key === "F6") focusNextRegion(shiftKey ? -1 : 1);
  else if (key === "PageUp" && shiftKey) app.room?.jumpToNewLine();
  else if (key === "Escape") escape(app);
  else return false;
  return true;
}

/** Closes the drawer or the overlaid panel; if neither is open, marks the room as read. */
function escape(app: AppState): void {
  if (app.drawer) app.drawer = false;
  else if (app.panel && matchMedia("(width < 64rem)").matches) app.panel = null;
  else app.room?.markAllRead();
}

function focusNextRegion(step: number): void {
  const visible = regions
    .map((name) => document.querySelector<HTMLElement>(`[data-region="${name}"]`))
    .filter((region) => region !== null && region.checkVisibility());
  const current = visible.findIndex((region) => region?.contains(document.activeElement));
  const next = visible[stepFrom(current, step, visible.length)];
  for (const selector of focusTargets) {
    const element = next?.querySelector<HTMLElement>(selector);
    if (!element) continue;
    element.focus();
    return;
  }
}
