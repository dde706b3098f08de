/**
 * The state of the whole interface:
 * - a server that can't be joined leaves the open room open
 * - a server that was joined is opened
 */
import { describe, expect, it } from "vitest";
import type { Backend, BackendEvent } from "../src/backend";
import { hello, openApp } from "./fixtures/app";

async function openTwoServers(join: () => Promise<void>) {
  const nearby: Backend["nearby"] = { join };
  const { app, emit } = await openApp({ nearby });
  const known = (id: string) => ({ id, name: id, addresses: [], own: false });
  const summary = { topic: "", members: 1, head: { epoch: "e", seq: 0 }, joined: true, read: 0, unread: 0 };
  const notify = (server: string, update: Extract<BackendEvent, { event: "session" }>["update"]) =>
    emit({ event: "session", server, update });
  emit({ event: "profile", name: "Alice", device: "d", first_run: false });
  emit({ event: "servers", servers: [known("a"), known("b")] });
  for (const server of ["a", "b"]) {
    notify(server, { update: "hello", ...hello });
    notify(server, { update: "rooms", rooms: [{ ...summary, id: "lobby", name: "Lobby" }] });
  }
  app.open("b");
  return app;
}

describe("AppState", () => {
  it("keeps the open room open if a nearby server can't be joined", async () => {
    const app = await openTwoServers(() => Promise.reject({ code: "other", message: "It is gone." }));
    const room = app.room;
    expect(await app.joinNearby("c")).toBe(false);
    expect(app.server?.id).toBe("b");
    expect(app.room).toBe(room);
    expect(app.room?.jump).not.toBeNull();
    expect(app.toasts.map(({ text }) => text)).toEqual(["It is gone."]);
  });

  it("opens a nearby server that was joined", async () => {
    const app = await openTwoServers(() => Promise.resolve());
    expect(await app.joinNearby("a")).toBe(true);
    expect(app.server?.id).toBe("a");
  });
});
