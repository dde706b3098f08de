/**
 * Addresses, and Back and Forward:
 * - an address names a room, a message and, where there are several, a server; anything else names nothing
 * - a room that was opened is a step; Back shows the room before, and Forward the later one
 * - a dialog is a step; Back closes it, and closing it leaves no step
 * - a room that is chosen in the drawer replaces the drawer's step; Back shows what was read before
 * - several layers that close at once leave no step, and neither do those over which another room was chosen
 * - Forward opens a dialog again; one that can't be opened again is no step
 * - a message is a step; Back shows what was read before
 * - the present replaces the step of the message that the user has left
 * - a room that is no longer there is no step
 * - an address that the user types is shown, and what was open over the old place is closed
 * - a reload keeps the place, and what was open over it is no step any more
 * - changes while the browser goes back are kept
 * - the address follows the interface even if the browser never goes back
 * - a browser that goes back late closes nothing that was opened meanwhile, and is told to go back only once
 */
import { afterEach, describe, expect, it, vi } from "vitest";
import { addressOf, isSamePlace, type Place, placeOf } from "../src/state/place";
import { type OpenLayers, type Places, Router, type SessionHistory, type Step } from "../src/app/router";

/** A browser's session history. Like a browser's, it goes to another step later, and nowhere where there is no step. */
class FakeHistory implements SessionHistory {
  readonly entries: { state: unknown; fragment: string }[] = [{ state: null, fragment: "" }];
  index = 0;
  #deltas: number[] = [];

  get state() {
    return this.entries[this.index]?.state;
  }
  get fragment() {
    return this.entries[this.index]?.fragment ?? "";
  }
  get fragments() {
    return this.entries.map(({ fragment }) => fragment);
  }
  push(state: Step, fragment: string) {
    this.entries.splice(++this.index, Infinity, { state: structuredClone(state), fragment });
  }
  replace(state: Step, fragment: string) {
    this.entries[this.index] = { state: structuredClone(state), fragment };
  }
  go(delta: number) {
    this.#deltas.push(delta);
  }
  /** Does what `go` has asked for. */
  settle(router: Router) {
    for (let delta; (delta = this.#deltas.shift()) !== undefined;) {
      if (!this.entries[this.index + delta]) continue;
      this.index += delta;
      router.onPopState(this.state);
    }
  }
}

const place = (room: string, seq: number | null = null): Place => ({ server: null, room, seq });

/** An interface with two rooms, a drawer and dialogs. */
class FakeApp implements Places, OpenLayers {
  place: Place | null = place("a");
  layers: string[] = [];
  reading: number | null = null;
  rooms = ["a", "b", "c"];
  /** The view that an address showed: the room, and the message or what was being read. */
  readonly shown: string[] = [];
  exists({ room }: Place) {
    return this.rooms.includes(room);
  }
  show(to: Place, reading: number | null) {
    this.place = to;
    this.shown.push([to.room, to.seq, reading].filter((part) => part !== null).join(" "));
  }
  setLayers(layers: readonly string[]) {
    this.layers = layers.filter((layer) => this.layers.includes(layer) || layer !== "message dialog");
  }
}

class Browser {
  readonly app = new FakeApp();
  readonly history: FakeHistory;
  router: Router;
  constructor(history = new FakeHistory()) {
    this.history = history;
    this.router = new Router(this.app, this.app, this.history);
    this.router.sync();
  }
  /** Changes the interface, as a click does, and lets the router follow. */
  does(change: (app: FakeApp) => void) {
    change(this.app);
    this.router.sync();
    this.history.settle(this.router);
  }
  opens(room: string, seq: number | null = null) {
    this.does((app) => {
      this.router.keepReading();
      app.place = place(room, seq);
    });
  }
  goes(delta: number) {
    this.history.go(delta);
    this.history.settle(this.router);
  }
}

describe("an address", () => {
  it("names a room, a message and a server", () => {
    for (const named of [
      place("a"),
      place("a", 12),
      { server: "s/1", room: "ü b", seq: null },
      { server: "s", room: "a", seq: 3 },
    ])
      expect(placeOf(addressOf(named))).toEqual(named);
    expect(addressOf(place("a", 12))).toBe("#/room/a/12");
    expect(addressOf({ server: "s", room: "a", seq: 3 })).toBe("#/server/s/room/a/3");
    expect(placeOf("#/room/a/")).toEqual(place("a"));
  });

  it("is otherwise none", () => {
    for (const fragment of [
      "",
      "#",
      "#/",
      "#/room",
      "#/room/",
      "#/room/a/x",
      "#/room/a/-1",
      "#/room/a/1.5",
      "#/room/a/0",
    ])
      expect(placeOf(fragment), fragment).toBeNull();
    for (const fragment of ["#/room/a/1/2", "#/server", "#/server//room/a", "#/server/s", "#/people/a", "#top"])
      expect(placeOf(fragment), fragment).toBeNull();
    expect(placeOf("#/room/%zz")).toEqual(place("%zz"));
  });
});

describe("Router", () => {
  afterEach(() => void vi.useRealTimers());

  it("makes a step of every room", () => {
    const browser = new Browser();
    browser.opens("b");
    browser.opens("c");
    expect(browser.history.fragments).toEqual(["#/room/a", "#/room/b", "#/room/c"]);
    browser.goes(-1);
    expect(browser.app.place).toEqual(place("b"));
    browser.goes(-1);
    browser.goes(1);
    expect(browser.app.place).toEqual(place("b"));
    browser.opens("a");
    expect(browser.history.fragments).toEqual(["#/room/a", "#/room/b", "#/room/a"]);
  });

  it("makes a step of a dialog, and none of a closed one", () => {
    const browser = new Browser();
    browser.does((app) => (app.layers = ["settings"]));
    expect(browser.history.index).toBe(1);
    browser.goes(-1);
    expect(browser.app.layers).toEqual([]);
    expect(browser.app.shown).toEqual([]);
    browser.does((app) => (app.layers = ["settings"]));
    browser.does((app) => (app.layers = ["shortcuts"]));
    expect(browser.history.index).toBe(1);
    browser.does((app) => (app.layers = []));
    expect(browser.history.index).toBe(0);
  });

  it("replaces the drawer's step by that of the room, and Back shows what was read before", () => {
    const browser = new Browser();
    browser.app.reading = 70;
    browser.does((app) => (app.layers = ["drawer"]));
    browser.does((app) => {
      browser.router.keepReading();
      app.layers = [];
      app.place = place("b");
    });
    expect(browser.history.fragments).toEqual(["#/room/a", "#/room/b"]);
    browser.goes(-1);
    expect(browser.app.shown).toEqual(["a 70"]);
    // The open room chosen again.
    browser.does((app) => (app.layers = ["drawer"]));
    browser.does((app) => (app.layers = []));
    expect(browser.history.index).toBe(0);
  });

  it("leaves no step when several layers close", () => {
    const browser = new Browser();
    browser.does((app) => (app.layers = ["panel"]));
    browser.does((app) => (app.layers = ["panel", "drawer"]));
    browser.does((app) => (app.layers = ["panel", "drawer", "settings"]));
    browser.does((app) => (app.layers = []));
    expect(browser.history.index).toBe(0);
    // A panel that stays open while the user goes to another room.
    browser.does((app) => (app.layers = ["panel"]));
    browser.opens("b");
    browser.does((app) => (app.layers = []));
    expect(browser.history.fragments.slice(0, browser.history.index + 1)).toEqual(["#/room/a", "#/room/a", "#/room/b"]);
    browser.goes(-1);
    expect([browser.app.place?.room, browser.app.layers]).toEqual(["a", ["panel"]]);
  });

  it("leaves no step of the layers in which a room was chosen", () => {
    const browser = new Browser();
    browser.does((app) => (app.layers = ["drawer"]));
    browser.does((app) => (app.layers = ["drawer", "create"]));
    browser.does((app) => {
      app.place = place("b");
      app.layers = [];
    });
    expect(browser.history.fragment).toBe("#/room/b");
    browser.goes(-1);
    expect(browser.app.place).toEqual(place("a"));
    expect(browser.app.layers).toEqual([]);
  });

  it("opens a dialog again, or passes it", () => {
    const browser = new Browser();
    browser.does((app) => (app.layers = ["settings"]));
    browser.goes(-1);
    browser.goes(1);
    expect(browser.app.layers).toEqual(["settings"]);
    browser.goes(-1);
    browser.does((app) => (app.layers = ["message dialog"]));
    browser.goes(-1);
    browser.goes(1);
    expect(browser.app.layers).toEqual([]);
    expect(browser.history.index).toBe(0);
  });

  it("makes a step of a message, and Back shows what was read before", () => {
    const browser = new Browser();
    browser.app.reading = 70;
    browser.opens("a", 12);
    expect(browser.history.fragments).toEqual(["#/room/a", "#/room/a/12"]);
    browser.app.reading = 9;
    browser.opens("b");
    browser.goes(-1);
    browser.goes(-1);
    expect(browser.app.shown).toEqual(["a 12 9", "a 70"]);
  });

  it("replaces the step of a message that the user has left", () => {
    const browser = new Browser();
    browser.opens("b");
    browser.opens("b", 12);
    browser.does((app) => (app.place = place("b")));
    expect(browser.history.fragments.slice(0, browser.history.index + 1)).toEqual(["#/room/a", "#/room/b"]);
  });

  it("makes no step of a room that is gone", () => {
    const browser = new Browser();
    browser.opens("b");
    browser.does((app) => {
      app.rooms = ["a"];
      app.place = place("a");
    });
    expect(browser.history.index).toBe(0);
  });

  it("shows an address that the user types, and nothing over it", () => {
    const browser = new Browser();
    browser.does((app) => (app.layers = ["drawer"]));
    browser.history.entries.splice(2, Infinity, { state: null, fragment: "#/room/c/5" });
    browser.history.index = 2;
    browser.router.onPopState(null);
    expect(browser.app.shown).toEqual(["c 5"]);
    expect(browser.app.layers).toEqual([]);
    browser.goes(-1);
    expect(browser.app.layers).toEqual(["drawer"]);
    browser.goes(-1);
    expect(browser.app.place && isSamePlace(browser.app.place, place("a"))).toBe(true);
  });

  it("keeps the place after a reload, and goes back from what was open over it", () => {
    const before = new Browser();
    before.opens("b");
    before.does((app) => (app.layers = ["message dialog"]));
    const after = new FakeApp();
    const router = new Router(after, after, before.history);
    expect(router.initialPlace).toEqual(place("b"));
    after.place = router.initialPlace;
    router.sync();
    before.history.settle(router);
    expect(before.history.index).toBe(1);
    before.history.go(-1);
    before.history.settle(router);
    expect(after.place).toEqual(place("a"));
  });

  it("keeps what changes while the browser goes back", () => {
    const browser = new Browser();
    browser.app.layers = ["settings"];
    browser.router.sync();
    browser.app.layers = [];
    browser.router.sync();
    // The browser has not gone back yet.
    browser.app.place = place("b");
    browser.router.sync();
    browser.app.layers = ["drawer"];
    browser.router.sync();
    browser.history.settle(browser.router);
    expect(browser.history.fragments).toEqual(["#/room/a", "#/room/b"]);
    expect(browser.app.layers).toEqual(["drawer"]);
  });

  it("follows the interface even if the browser never goes back", () => {
    vi.useFakeTimers();
    const browser = new Browser();
    browser.app.layers = ["settings"];
    browser.router.sync();
    browser.app.layers = [];
    browser.router.sync();
    vi.advanceTimersByTime(60_000);
    browser.app.place = place("b");
    browser.router.sync();
    expect(browser.history.fragment).toBe("#/room/b");
  });

  /** Returns a browser that was told two seconds ago to go back from the settings, and hasn't yet. */
  function lateBrowser(): Browser {
    vi.useFakeTimers();
    const browser = new Browser();
    browser.app.place = place("b");
    browser.router.sync();
    browser.app.layers = ["settings"];
    browser.router.sync();
    browser.app.layers = [];
    browser.router.sync();
    vi.advanceTimersByTime(2_000);
    return browser;
  }

  it.each([["settings"], ["quit"]])("keeps %s open if the browser goes back late", (opened) => {
    const browser = lateBrowser();
    browser.app.layers = [opened];
    browser.router.sync();
    browser.history.settle(browser.router);
    expect(browser.app.layers).toEqual([opened]);
    browser.goes(-1);
    expect(browser.app.layers).toEqual([]);
  });

  it("goes back only once if the browser is late", () => {
    const browser = lateBrowser();
    browser.app.layers = ["quit"];
    browser.router.sync();
    browser.app.layers = [];
    browser.router.sync();
    browser.history.settle(browser.router);
    expect(browser.app.place).toEqual(place("b"));
    expect(browser.app.shown).toEqual([]);
    browser.goes(-1);
    expect(browser.app.place).toEqual(place("a"));
  });
});
