import type { AppState } from "./app-state.svelte";

const regions = ["rooms", "timeline", "composer", "panel"] as const;

/** Where one comes in, best first: the open room, the message that Tab reaches, the field, whatever there is. */
const focusTargets = ["[aria-current]", "[data-message][tabindex='0']", "textarea", "button"];

/** The keys that mean something anywhere. What has a closer meaning (a dialog, the composer) has taken its keys before. */
export function handleShortcut(app: AppState, event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing || app.showsFirstRun || app.fatal !== null) return;
  const control = event.ctrlKey || event.metaKey;
  const handled = control ? withControl(app, event) : event.altKey ? withAlt(app, event) : plain(app, event);
  if (handled) event.preventDefault();
}

function withControl(app: AppState, { key, shiftKey, altKey }: KeyboardEvent): boolean {
  if (shiftKey || altKey) return false;
  if (key === "k") app.overlay = "switcher";
  else if (key === "/") app.overlay = "shortcuts";
  else if (key === ".") app.toggle("people");
  else return false;
  return true;
}

function withAlt(app: AppState, { key, shiftKey }: KeyboardEvent): boolean {
  if (key !== "ArrowUp" && key !== "ArrowDown") return false;
  const all = app.servers.flatMap((server) => server.rooms.map((room) => ({ server, room })));
  const at = all.findIndex(({ room }) => room === app.room);
  const step = key === "ArrowUp" ? -1 : 1;
  for (let i = 1; i <= all.length; i++) {
    const next = all[(at + step * i + all.length * 2) % all.length];
    if (!next || (shiftKey && next.room.unread === 0)) continue;
    app.open(next.server.id, next.room.id);
    break;
  }
  return true;
}

function plain(app: AppState, { key, shiftKey, target }: KeyboardEvent): boolean {
  // A question or a choice that is open takes these keys for itself.
  if (app.overlay !== null || (target instanceof Element && target.closest("dialog, [popover]"))) return false;
  if (key === "F6") nextRegion(shiftKey ? -1 : 1);
  else if (key === "PageUp" && shiftKey) app.room?.toNewLine();
  else if (key === "Escape") escape(app);
  else return false;
  return true;
}

/** What is laid over goes first; then everything is read. */
function escape(app: AppState): void {
  if (app.drawer) app.drawer = false;
  else if (app.panel && matchMedia("(width < 64rem)").matches) app.panel = null;
  else app.room?.readAll();
}

function nextRegion(step: number): void {
  const shown = regions
    .map((name) => document.querySelector<HTMLElement>(`[data-region="${name}"]`))
    .filter((region) => region !== null && region.checkVisibility());
  const at = shown.findIndex((region) => region?.contains(document.activeElement));
  const next = shown[(at + step + shown.length) % shown.length];
  for (const selector of focusTargets) {
    const found = next?.querySelector<HTMLElement>(selector);
    if (!found) continue;
    found.focus();
    return;
  }
}
