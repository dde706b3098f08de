/**
 * The table of all keyboard shortcuts. The handlers, the tooltips and the dialog that lists the shortcuts are derived from it.
 *
 * A shortcut is found by the character that the key types. Only where the layout has no such letter, as on a Russian, Greek
 * or Hebrew one, it is found by the physical key (`KeyboardEvent.code`).
 */

export const isMac = () => typeof navigator !== "undefined" && navigator.platform.startsWith("Mac");

/** One way to press a shortcut. */
interface Chord {
  /** A named key (`ArrowUp`) or the character that it types, in lower case. */
  key: string;
  /** Needs ⌘ on a Mac, Ctrl elsewhere. */
  mod?: true;
  alt?: true;
  /**
   * For letters and named keys. Whether a sign or a digit needs Shift depends on the layout, so for those Shift is ignored.
   */
  shift?: true;
}

/** The shortcuts that work everywhere. The first chord is the one that the interface shows. */
export const globalShortcuts = {
  switcher: [{ key: "k", mod: true }],
  help: [{ key: "/", mod: true }],
  panel: [{ key: ".", mod: true }],
  previousRoom: [{ key: "ArrowUp", alt: true }],
  nextRoom: [{ key: "ArrowDown", alt: true }],
  previousUnreadRoom: [{ key: "ArrowUp", alt: true, shift: true }],
  nextUnreadRoom: [{ key: "ArrowDown", alt: true, shift: true }],
  oldestUnread: [{ key: "PageUp", shift: true }],
  escape: [{ key: "Escape" }],
  nextRegion: [{ key: "F6" }],
  previousRegion: [{ key: "F6", shift: true }],
  /** A browser around the page has these itself. */
  back: [
    { key: "ArrowLeft", alt: true },
    { key: "[", mod: true },
  ],
  forward: [
    { key: "ArrowRight", alt: true },
    { key: "]", mod: true },
  ],
  // Where `+` needs Shift, people press the key without it.
  zoomIn: [
    { key: "+", mod: true },
    { key: "=", mod: true },
  ],
  zoomOut: [{ key: "-", mod: true }],
  zoomReset: [{ key: "0", mod: true }],
  fullscreen: [{ key: "F11" }],
  closeWindow: [{ key: "w", mod: true }],
  quit: [{ key: "q", mod: true }],
} as const satisfies Record<string, readonly Chord[]>;

/** The shortcuts of the composer. */
export const composerShortcuts = {
  /** Enter alone does the one or the other, as the user has chosen. */
  send: [{ key: "Enter", mod: true }],
  newLine: [{ key: "Enter", shift: true }],
  complete: [{ key: "Tab" }],
  editLast: [{ key: "ArrowUp" }],
  /** After Esc. Otherwise it is the text field's own. */
  undo: [{ key: "z", mod: true }],
  bold: [{ key: "b", mod: true }],
  italic: [{ key: "i", mod: true }],
  /** With a selection. Without one it is the switcher's. */
  link: [{ key: "k", mod: true }],
  /** Scroll the timeline, unless the text is so long that it scrolls itself. */
  pageUp: [{ key: "PageUp" }],
  pageDown: [{ key: "PageDown" }],
} as const satisfies Record<string, readonly Chord[]>;

/** The shortcuts of a focused message. */
export const messageShortcuts = {
  previousMessage: [{ key: "ArrowUp" }],
  nextMessage: [{ key: "ArrowDown" }],
  firstMessage: [{ key: "Home" }],
  lastMessage: [{ key: "End" }],
  pageUp: [{ key: "PageUp" }],
  pageDown: [{ key: "PageDown" }],
  /** The next link, button or code of the message, and back to the message itself. */
  nextPart: [{ key: "ArrowRight" }],
  previousPart: [{ key: "ArrowLeft" }],
  actions: [{ key: "Enter" }, { key: "ContextMenu" }, { key: "F10", shift: true }],
  reply: [{ key: "r" }],
  edit: [{ key: "e" }],
  react: [{ key: "+" }],
  copyText: [{ key: "c" }],
  markUnread: [{ key: "u", shift: true }],
  // Small Mac keyboards have no Delete key.
  delete: [{ key: "Delete" }, { key: "Backspace" }],
} as const satisfies Record<string, readonly Chord[]>;

export type GlobalShortcut = keyof typeof globalShortcuts;
export type ComposerShortcut = keyof typeof composerShortcuts;
export type MessageShortcut = keyof typeof messageShortcuts;
export type Shortcut = GlobalShortcut | ComposerShortcut | MessageShortcut;

const allShortcuts: Record<Shortcut, readonly Chord[]> = {
  ...globalShortcuts,
  ...composerShortcuts,
  ...messageShortcuts,
};

type KeyPress = Pick<KeyboardEvent, "key" | "code" | "shiftKey" | "ctrlKey" | "metaKey" | "altKey"> &
  Partial<Pick<KeyboardEvent, "isComposing" | "keyCode" | "getModifierState">>;

/** Returns whether an input method handles this key. Safari reports that only by the key code 229. */
export const isComposing = (event: KeyPress): boolean => event.isComposing === true || event.keyCode === 229;

/** Finds the shortcut of a table that a key press means, or null. */
export function findShortcut<Id extends string>(
  table: Record<Id, readonly Chord[]>,
  event: KeyPress,
  mac = isMac(),
): Id | null {
  if (isComposing(event) || typesByAltGr(event)) return null;
  const find = (matches: (chord: Chord) => boolean) =>
    (Object.keys(table) as Id[]).find((id) =>
      table[id].some((chord) => matches(chord) && hasModifiers(chord, event, mac)),
    );
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const found = find((chord) => chord.key === key);
  if (found !== undefined || !isUnknownToTable(event.key)) return found ?? null;
  return find((chord) => physicalKey(chord.key) === event.code) ?? null;
}

/** Returns the names of a shortcut's keys as the interface shows them: `Ctrl`, `K`. */
export function shortcutKeys(id: Shortcut, mac = isMac()): string[] {
  const [chord] = allShortcuts[id];
  if (!chord) return [];
  const keys = [keyNames[chord.key] ?? (chord.key.length === 1 ? chord.key.toUpperCase() : chord.key)];
  if (chord.shift) keys.unshift("Shift");
  if (chord.alt) keys.unshift(mac ? "⌥" : "Alt");
  if (chord.mod) keys.unshift(mac ? "⌘" : "Ctrl");
  return keys;
}

/** Returns a shortcut as the interface shows it: `Ctrl+K`. */
export const shortcutLabel = (id: Shortcut, mac = isMac()): string => shortcutKeys(id, mac).join("+");

/** Returns what a button shows of the shortcut that does the same. */
export const buttonShortcut = (id: Shortcut) => ({ label: shortcutLabel(id), aria: ariaShortcut(id) });

/** Returns a shortcut as the value of `aria-keyshortcuts`: `Control+K`. */
export function ariaShortcut(id: Shortcut, mac = isMac()): string {
  const [chord] = allShortcuts[id];
  if (!chord) return "";
  // `+` stands between the keys.
  const key = chord.key === "+" ? "Plus" : chord.key.length === 1 ? chord.key.toUpperCase() : chord.key;
  const modifiers = [chord.mod && (mac ? "Meta" : "Control"), chord.alt && "Alt", chord.shift && "Shift"];
  return [...modifiers.filter((modifier) => modifier), key].join("+");
}

const keyNames: Record<string, string> = {
  ArrowUp: "↑",
  ArrowDown: "↓",
  ArrowLeft: "←",
  ArrowRight: "→",
  PageUp: "PgUp",
  PageDown: "PgDn",
  Escape: "Esc",
  Delete: "Del",
  "-": "−",
};

function hasModifiers(chord: Chord, event: KeyPress, mac: boolean): boolean {
  const [mod, other] = mac ? [event.metaKey, event.ctrlKey] : [event.ctrlKey, event.metaKey];
  if (other || mod !== (chord.mod ?? false) || event.altKey !== (chord.alt ?? false)) return false;
  return isSign(chord.key) || event.shiftKey === (chord.shift ?? false);
}

/** Returns whether AltGr types a character. Windows reports it as Ctrl and Alt, too, and Firefox reports a Mac's Option as AltGr. */
const typesByAltGr = (event: KeyPress): boolean =>
  [...event.key].length === 1 && event.getModifierState?.("AltGraph") === true;

const isSign = (key: string): boolean => /^[^a-z]$/.test(key);

/** Returns whether a key types no character of ASCII, in which all shortcuts are written, and has no other name either. */
const isUnknownToTable = (key: string): boolean => key === "Unidentified" || key.charCodeAt(0) > 0x7f;

/** Returns the `KeyboardEvent.code` of the key that types a character on a US layout. */
function physicalKey(key: string): string | undefined {
  if (/^[a-z]$/.test(key)) return `Key${key.toUpperCase()}`;
  if (/^\d$/.test(key)) return `Digit${key}`;
  return {
    "/": "Slash",
    ".": "Period",
    "-": "Minus",
    "=": "Equal",
    "+": "Equal",
    "[": "BracketLeft",
    "]": "BracketRight",
  }[key];
}
