/**
 * The application's shortcuts:
 * - every shortcut works on US, Russian, Greek, Hebrew, German, French, Czech and Persian layouts, and with Caps Lock
 * - a letter that the layout has elsewhere (Dvorak) is found there, not where a US layout has it
 * - a Mac has ⌘ instead of Ctrl
 * - nothing is taken from AltGr, from an input method, or with a modifier too many
 * - every action on a message has a key, and every shortcut is shown
 * - Alt+Up goes to the last room if no listed room is open, and otherwise to the previous one, around the ends
 * - Shift+PageUp and, on a Mac, Option+← belong to a text, and to the app everywhere else; in a dialog only
 *   what makes sense there works
 * - zoom is left to a back end that zooms by itself
 */
import { afterEach, describe, expect, it, vi } from "vitest";
import type { AppState } from "../src/state/app-state.svelte";
import {
  ariaShortcut,
  composerShortcuts,
  findShortcut,
  globalShortcuts,
  messageShortcuts,
  type Shortcut,
  shortcutLabel,
} from "../src/shared/keyboard";
import { handleShortcut } from "../src/app/shortcut-handlers";
import type { Backend } from "../src/backend";
import type { RoomState } from "../src/rooms/room-state.svelte";
import { hello, openApp, summaryOf } from "./fixtures/app";

/** The characters of a layout's keys, without and with Shift. Keys that are not listed are those of a US layout. */
type Layout = Record<string, [plain: string, shifted: string]>;

const us: Layout = {
  ...Object.fromEntries([..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"].map((c) => [`Key${c}`, [c.toLowerCase(), c]])),
  Digit0: ["0", ")"],
  Digit6: ["6", "^"],
  Digit7: ["7", "&"],
  Slash: ["/", "?"],
  Period: [".", ">"],
  Minus: ["-", "_"],
  Equal: ["=", "+"],
};
/** The letters of a layout by the physical keys A to Z. */
const letters = (text: string): Layout =>
  Object.fromEntries([...text].map((c, i) => [`Key${String.fromCharCode(65 + i)}`, [c, c.toLocaleUpperCase()]]));

const layouts: Record<string, Layout> = {
  us,
  russian: { ...us, ...letters("фисвуапршолдьтщзйкыегмцчня"), Slash: [".", ","], Period: ["ю", "Ю"], Digit7: ["7", "?"], Backslash: ["\\", "/"] }, // prettier-ignore
  greek: { ...us, ...letters("αβψδεφγηιξκλμνοπ;ρστθωςχυζ") },
  hebrew: { ...us, ...letters("שנבגקכעיןחלךצמםפ/רדאוה'סטז"), Slash: [".", ">"], Period: ["ץ", ">"] },
  german: { ...us, KeyY: ["z", "Z"], KeyZ: ["y", "Y"], Digit0: ["0", "="], Digit7: ["7", "/"], Slash: ["-", "_"], Period: [".", ":"], Minus: ["ß", "?"], Equal: ["´", "`"], BracketRight: ["+", "*"] }, // prettier-ignore
  french: { ...us, KeyA: ["q", "Q"], KeyQ: ["a", "A"], KeyW: ["z", "Z"], KeyZ: ["w", "W"], Digit0: ["à", "0"], Digit6: ["-", "6"], Digit7: ["è", "7"], Comma: [";", "."], Period: [":", "/"], Slash: ["!", "§"], Minus: [")", "°"], Equal: ["=", "+"] }, // prettier-ignore
  czech: { ...us, Digit0: ["é", "0"], Digit7: ["ý", "7"], Minus: ["=", "%"], Equal: ["´", "ˇ"], Digit1: ["+", "1"], Slash: ["-", "_"], Period: [".", ":"], BracketLeft: ["ú", "/"] }, // prettier-ignore
  persian: { ...us, ...letters("شذزیثبلاهتنمئدخحضقسفعرصطغظ"), Digit0: ["۰", ")"] },
};

const numpad: Layout = { NumpadAdd: ["+", "+"], NumpadSubtract: ["-", "-"], Numpad0: ["0", "0"] };

interface Modifiers {
  ctrl?: boolean;
  meta?: boolean;
  alt?: boolean;
  shift?: boolean;
  capsLock?: boolean;
  altGr?: boolean;
}

/** Returns the event of a physical key, or of a named one. */
function press(layout: Layout, code: string, { ctrl, meta, alt, shift, capsLock, altGr }: Modifiers = {}) {
  const key = { ...layout, ...numpad }[code]?.[shift ? 1 : 0] ?? code;
  const toggled = key === key.toLowerCase() ? key.toUpperCase() : key.toLowerCase();
  const toggles = capsLock && key.length === 1 && toggled.length === 1;
  return {
    key: toggles ? toggled : key,
    code,
    ctrlKey: ctrl ?? false,
    metaKey: meta ?? false,
    altKey: alt ?? false,
    shiftKey: shift ?? false,
    getModifierState: (name: string) => name === "AltGraph" && (altGr ?? false),
  };
}

const ctrl = { ctrl: true };
const ctrlShift = { ctrl: true, shift: true };
/** The physical keys with which a person presses the shortcuts that are signs or digits. */
const signs: Record<
  string,
  Record<"help" | "panel" | "zoomIn" | "zoomOut" | "zoomReset" | "react", [string, Modifiers]>
> = {
  us: { help: ["Slash", ctrl], panel: ["Period", ctrl], zoomIn: ["Equal", ctrl], zoomOut: ["Minus", ctrl], zoomReset: ["Digit0", ctrl], react: ["Equal", { shift: true }] }, // prettier-ignore
  russian: { help: ["Backslash", ctrlShift], panel: ["Period", ctrl], zoomIn: ["Equal", ctrl], zoomOut: ["Minus", ctrl], zoomReset: ["Digit0", ctrl], react: ["Equal", { shift: true }] }, // prettier-ignore
  greek: { help: ["Slash", ctrl], panel: ["Period", ctrl], zoomIn: ["Equal", ctrlShift], zoomOut: ["Minus", ctrl], zoomReset: ["Digit0", ctrl], react: ["Equal", { shift: true }] }, // prettier-ignore
  hebrew: { help: ["KeyQ", ctrl], panel: ["Slash", ctrl], zoomIn: ["Equal", ctrl], zoomOut: ["Minus", ctrl], zoomReset: ["Digit0", ctrl], react: ["Equal", { shift: true }] }, // prettier-ignore
  german: { help: ["Digit7", ctrlShift], panel: ["Period", ctrl], zoomIn: ["BracketRight", ctrl], zoomOut: ["Slash", ctrl], zoomReset: ["Digit0", ctrl], react: ["BracketRight", {}] }, // prettier-ignore
  french: { help: ["Period", ctrlShift], panel: ["Comma", ctrlShift], zoomIn: ["Equal", ctrl], zoomOut: ["Digit6", ctrl], zoomReset: ["Digit0", ctrl], react: ["Equal", { shift: true }] }, // prettier-ignore
  czech: { help: ["BracketLeft", ctrlShift], panel: ["Period", ctrl], zoomIn: ["Digit1", ctrl], zoomOut: ["Slash", ctrl], zoomReset: ["Digit0", ctrl], react: ["Digit1", {}] }, // prettier-ignore
  persian: { help: ["Slash", ctrl], panel: ["Period", ctrl], zoomIn: ["Equal", ctrl], zoomOut: ["Minus", ctrl], zoomReset: ["Digit0", ctrl], react: ["Equal", { shift: true }] }, // prettier-ignore
};

const find = (table: "anywhere" | "composer" | "message", event: ReturnType<typeof press>, mac = false) =>
  findShortcut<string>({ anywhere: globalShortcuts, composer: composerShortcuts, message: messageShortcuts }[table], event, mac); // prettier-ignore

describe.each(Object.keys(layouts))("on a %s layout", (name) => {
  const layout = layouts[name] as Layout;
  it.each([false, true])("every shortcut works (Caps Lock %s)", (capsLock) => {
    const at = (code: string, modifiers: Modifiers = {}) => press(layout, code, { ...modifiers, capsLock });
    expect(find("anywhere", at("KeyK", ctrl))).toBe("switcher");
    expect(find("composer", at("KeyB", ctrl))).toBe("bold");
    expect(find("composer", at("KeyI", ctrl))).toBe("italic");
    expect(find("composer", at("KeyK", ctrl))).toBe("link");
    expect(find("message", at("KeyR"))).toBe("reply");
    expect(find("message", at("KeyE"))).toBe("edit");
    expect(find("message", at("KeyC"))).toBe("copyText");
    expect(find("message", at("KeyU", { shift: true }))).toBe("markUnread");
    expect(find("message", at("Delete"))).toBe("delete");
    for (const [id, [code, modifiers]] of Object.entries(signs[name] ?? {}))
      expect([id, find(id === "react" ? "message" : "anywhere", at(code, modifiers))]).toEqual([id, id]);
    expect(find("anywhere", at("NumpadAdd", ctrl))).toBe("zoomIn");
    expect(find("anywhere", at("NumpadSubtract", ctrl))).toBe("zoomOut");
    expect(find("anywhere", at("Numpad0", ctrl))).toBe("zoomReset");
  });

  it("takes no key with a modifier too many, none from AltGr and none from an input method", () => {
    for (const more of [{ shift: true }, { alt: true }, { meta: true }])
      expect(find("anywhere", press(layout, "KeyK", { ctrl: true, ...more }))).toBeNull();
    for (const more of [{ shift: true }, { ctrl: true }, { alt: true }, { meta: true }])
      expect(find("message", press(layout, "KeyR", more))).toBeNull();
    expect(find("message", press(layout, "KeyU"))).toBeNull();
    for (const code of Object.keys(layout))
      for (const windows of [{}, { ctrl: true, alt: true }])
        for (const table of ["anywhere", "composer", "message"] as const)
          expect(find(table, press(layout, code, { altGr: true, ...windows }))).toBeNull();
    expect(find("anywhere", { ...press(layout, "KeyK", ctrl), isComposing: true } as never)).toBeNull();
    expect(find("anywhere", { ...press(layout, "KeyK", ctrl), keyCode: 229 } as never)).toBeNull();
  });
});

describe("findShortcut", () => {
  it("finds a letter where the layout has it", () => {
    const dvorak: Layout = { ...us, KeyV: ["k", "K"], KeyK: ["t", "T"] };
    expect(find("anywhere", press(dvorak, "KeyV", ctrl))).toBe("switcher");
    expect(find("anywhere", press(dvorak, "KeyK", ctrl))).toBeNull();
  });

  it("takes ⌘ on a Mac, where Ctrl+K deletes", () => {
    expect(find("anywhere", press(us, "KeyK", { meta: true }), true)).toBe("switcher");
    expect(find("anywhere", press(us, "KeyK", ctrl), true)).toBeNull();
    expect([shortcutLabel("switcher", true), ariaShortcut("switcher", true)]).toEqual(["⌘+K", "Meta+K"]);
    // Firefox reports Option as AltGr.
    expect(find("anywhere", press(us, "ArrowUp", { alt: true, altGr: true }), true)).toBe("previousRoom");
  });

  it("finds brackets where a layout has letters", () => {
    const russian: Layout = { ...us, BracketLeft: ["х", "Х"], BracketRight: ["ъ", "Ъ"] };
    expect(find("anywhere", press(russian, "BracketLeft", ctrl))).toBe("back");
    expect(find("anywhere", press(russian, "BracketRight", ctrl))).toBe("forward");
    expect(find("anywhere", press(layouts.german as Layout, "BracketRight", ctrl))).toBe("zoomIn");
  });

  it("shows every shortcut", () => {
    expect([shortcutLabel("previousUnreadRoom", false), ariaShortcut("previousUnreadRoom", false)]).toEqual([
      "Alt+Shift+↑",
      "Alt+Shift+ArrowUp",
    ]);
    expect([shortcutLabel("send", false), shortcutLabel("reply"), shortcutLabel("delete")]).toEqual(["Ctrl+Enter", "R", "Del"]); // prettier-ignore
    for (const id of Object.keys({ ...globalShortcuts, ...composerShortcuts, ...messageShortcuts }) as Shortcut[])
      expect(shortcutLabel(id)).not.toBe("");
    expect([ariaShortcut("react", false), ariaShortcut("zoomIn", false)]).toEqual(["Plus", "Control+Plus"]);
  });
});

const zoomKeys = ["+", "=", "-", "0"];

/** An app with the rooms a, b and c, of which one may be open. */
async function openRooms(openRoom?: string, parts: Partial<Backend> = {}) {
  vi.stubGlobal("matchMedia", () => ({ matches: false }));
  const { app, emit } = await openApp(parts);
  const rooms = ["a", "b", "c"].map((id) => summaryOf(id, 1, { read: 0, unread: id === "a" ? 1 : 0 }));
  emit({ event: "profile", name: "Alice", device: "d", first_run: false });
  emit({ event: "servers", servers: [{ id: "office", name: "Office", addresses: [], own: false }] });
  // The address of a room that isn't there opens none.
  app.navigation.show({ server: null, room: openRoom ?? "gone", seq: null });
  emit({ event: "session", server: "office", update: { update: "hello", ...hello } });
  emit({ event: "session", server: "office", update: { update: "rooms", rooms } });
  return app;
}

/** Presses a key. Returns whether the app has handled it. */
function presses(app: AppState, event: Partial<KeyboardEvent>): boolean {
  let handled = false;
  const plain = { code: "", shiftKey: false, ctrlKey: false, metaKey: false, altKey: false, target: null };
  handleShortcut(app, { preventDefault: () => (handled = true), ...plain, ...event } as KeyboardEvent);
  return handled;
}

describe("handleShortcut", () => {
  afterEach(() => vi.unstubAllGlobals());

  it("goes to the next and previous room, around the ends", async () => {
    const after = async (key: string, openRoom?: string) => {
      const app = await openRooms(openRoom);
      presses(app, { key, altKey: true });
      return app.room?.id;
    };
    expect(await after("ArrowUp")).toBe("c");
    expect(await after("ArrowDown")).toBe("a");
    expect(await after("ArrowUp", "b")).toBe("a");
    expect(await after("ArrowUp", "a")).toBe("c");
    expect(await after("ArrowDown", "c")).toBe("a");
  });

  it("leaves the other keys of an open dialog alone", async () => {
    const app = await openRooms("a");
    app.overlay = { kind: "settings" };
    expect(presses(app, { key: "ArrowDown", altKey: true })).toBe(false);
    expect(presses(app, { key: ".", ctrlKey: true })).toBe(false);
    expect(app.overlay).toEqual({ kind: "settings" });
    expect(presses(app, { key: "k", ctrlKey: true })).toBe(true);
    expect(app.overlay).toEqual({ kind: "switcher" });
  });

  it("leaves Shift+PageUp to a text, where it selects", async () => {
    const app = await openRooms("a");
    const jumps = vi.spyOn((app.room as RoomState).visit, "jumpToNewLine");
    const at = (target: object) => ({ key: "PageUp", shiftKey: true, target: target as EventTarget });
    expect(presses(app, at({ value: "some text", selectionStart: 0 }))).toBe(false);
    expect(jumps).not.toHaveBeenCalled();
    expect(presses(app, at({ value: "", selectionStart: 0 }))).toBe(true);
    // An item of a list has a number.
    expect(presses(app, at({ value: 0 }))).toBe(true);
    expect(jumps).toHaveBeenCalledTimes(2);
  });

  it("leaves Option+← on a Mac to a text, where it goes to the word before", async () => {
    vi.stubGlobal("navigator", { platform: "MacIntel" });
    const go = vi.fn();
    vi.stubGlobal("history", { go });
    const app = await openRooms("a", { handlesHistoryKeys: false });
    const at = (target: object) => ({ key: "ArrowLeft", altKey: true, target: target as EventTarget });
    expect(presses(app, at({ value: "some text", selectionStart: 0 }))).toBe(false);
    expect(go).not.toHaveBeenCalled();
    // A button has a value, too.
    expect(presses(app, at({ value: "" }))).toBe(true);
    expect(go).toHaveBeenCalledWith(-1);
  });

  it("leaves zooming to the browser where the back end has no zoom", async () => {
    const plain = await openRooms("a");
    for (const key of zoomKeys) expect(presses(plain, { key, ctrlKey: true })).toBe(false);
    const factors: number[] = [];
    const app = await openRooms("a", { zoom: { set: (factor) => factors.push(factor) } });
    for (const key of zoomKeys) expect(presses(app, { key, ctrlKey: true })).toBe(true);
    expect(factors).toEqual([1.1, 1.25, 1.1, 1]);
  });
});
