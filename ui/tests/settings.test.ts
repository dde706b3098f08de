/**
 * The interface's settings:
 * - by default Enter sends where there is a mouse, and starts a new line on a touch screen; the user's choice counts more
 * - the text size and the spacing are remembered; what no version offers is ignored
 * - the zoom is changed in steps, by keys and by the wheel with Ctrl, and is remembered
 * - a zoom that no version offers is ignored
 */
import { afterEach, describe, expect, it, vi } from "vitest";
import { Settings } from "../src/state/settings.svelte";
import { Zoom } from "../src/state/zoom.svelte";
import { DeviceStorage } from "./fixtures/storage";

function storageWith(key: string, value: string): DeviceStorage {
  const storage = new DeviceStorage();
  storage.set(key, value);
  return storage;
}

describe("Settings", () => {
  afterEach(() => vi.unstubAllGlobals());

  it("lets Enter send where there is a mouse, unless the user has chosen", () => {
    for (const hasMouse of [true, false]) {
      vi.stubGlobal("matchMedia", (query: string) => ({ matches: query === "(pointer: coarse)" && !hasMouse }));
      const storage = new DeviceStorage();
      expect(new Settings(storage).enterSends).toBe(hasMouse);
      new Settings(storage).enterSends = !hasMouse;
      expect(new Settings(storage).enterSends).toBe(!hasMouse);
    }
    expect(new Settings(storageWith("enter-sends", "no")).enterSends).toBe(false);
  });
});

describe("the text size and the spacing", () => {
  it("are remembered", () => {
    const storage = new DeviceStorage();
    const settings = new Settings(storage);
    expect([settings.textSize, settings.density]).toEqual(["normal", "comfortable"]);
    settings.textSize = "largest";
    settings.density = "compact";
    expect([new Settings(storage).textSize, new Settings(storage).density]).toEqual(["largest", "compact"]);
    settings.textSize = "normal";
    settings.density = "comfortable";
    expect([storage.get("text-size"), storage.get("density")]).toEqual([null, null]);
  });

  it("are the usual ones where the stored ones are not offered", () => {
    expect(new Settings(storageWith("text-size", "gigantic")).textSize).toBe("normal");
    expect(new Settings(storageWith("density", "")).density).toBe("comfortable");
  });
});

describe("Zoom", () => {
  const open = (storage = new DeviceStorage()) => {
    const set: number[] = [];
    return { zoom: new Zoom({ set: (factor) => set.push(factor) }, storage), set };
  };

  it("steps, resets and is remembered", () => {
    const storage = new DeviceStorage();
    const { zoom, set } = open(storage);
    zoom.step(1);
    zoom.step(1);
    zoom.step(-1);
    expect(set).toEqual([1.1, 1.25, 1.1]);
    expect(open(storage).set).toEqual([1.1]);
    zoom.reset();
    expect(open(storage).set).toEqual([]);
    for (let i = 0; i < 20; i++) zoom.step(1);
    expect(zoom.factor).toBe(3);
    for (let i = 0; i < 20; i++) zoom.step(-1);
    expect(zoom.factor).toBe(0.5);
  });

  it("goes by the wheel with Ctrl only", () => {
    const { zoom, set } = open();
    const preventDefault = vi.fn();
    const wheel = (deltaY: number, ctrlKey = true) =>
      zoom.onWheel({ deltaY, ctrlKey, preventDefault } as unknown as WheelEvent);
    wheel(-100, false);
    expect([set, preventDefault.mock.calls.length]).toEqual([[], 0]);
    wheel(-100);
    wheel(100);
    wheel(0);
    expect([set, preventDefault.mock.calls.length]).toEqual([[1.1, 1], 2]);
  });

  it("ignores a zoom that is not offered", () => {
    for (const stored of ["17", "abc", "-1", ""]) expect(open(storageWith("zoom", stored)).zoom.factor).toBe(1);
  });
});
