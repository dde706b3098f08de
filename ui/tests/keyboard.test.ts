/**
 * The application's shortcuts:
 * - Ctrl+/ works on keyboard layouts where `/` needs Shift, and other shortcuts don't take Shift
 * - Alt+Up goes to the last room if no listed room is open, and otherwise to the previous one, around the ends
 */
import { describe, expect, it } from "vitest";
import type { AppState } from "../src/app/app-state.svelte";
import { handleShortcut } from "../src/app/keyboard";

/** Returns the app after a key, and the room that the key opened. */
function press(keys: Partial<KeyboardEvent>, openRoom?: string) {
  const rooms = ["a", "b", "c"].map((id) => ({ id, unread: 0 }));
  const result = { overlay: null as unknown, opened: undefined as unknown, prevented: false };
  const app = {
    showsFirstRun: false,
    fatal: null,
    servers: [{ id: "s", rooms }],
    room: rooms.find(({ id }) => id === openRoom),
    open: (_: string, room: string) => (result.opened = room),
    set overlay(overlay: unknown) {
      result.overlay = overlay;
    },
  };
  const event = { preventDefault: () => (result.prevented = true), ...keys };
  handleShortcut(app as unknown as AppState, event as unknown as KeyboardEvent);
  return result;
}

describe("handleShortcut", () => {
  it("shows the shortcuts on layouts where the key needs Shift", () => {
    for (const shiftKey of [false, true])
      expect(press({ key: "/", ctrlKey: true, shiftKey })).toMatchObject({ overlay: "shortcuts", prevented: true });
    expect(press({ key: "k", ctrlKey: true, shiftKey: true })).toMatchObject({ overlay: null, prevented: false });
  });

  it("goes to the next and previous room, around the ends", () => {
    const up = { key: "ArrowUp", altKey: true };
    const down = { key: "ArrowDown", altKey: true };
    expect(press(up).opened).toBe("c");
    expect(press(down).opened).toBe("a");
    expect(press(up, "b").opened).toBe("a");
    expect(press(up, "a").opened).toBe("c");
    expect(press(down, "c").opened).toBe("a");
  });
});
