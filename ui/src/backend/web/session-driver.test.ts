/**
 * A session in a browser whose parts fail:
 * - a post that can't be stored is shown all the same, and the user gets the error
 * - an attempt whose challenge is never answered ends
 */
import { afterEach, expect, test, vi } from "vitest";
import { newId } from "../../shared/ids";
import type { Update } from "../session-types";
import type { ClientStorage } from "./client-storage";
import { SessionDriver } from "./session-driver";
import { Transport } from "./transport";

const origin = "http://office:4242";
const server = { id: "5f6a2e51-5d0c-4a2b-9a43-0c3e53a6c1d2", name: "Office", software: "ichat" };

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("a post that can't be stored is shown all the same", async () => {
  vi.stubGlobal("fetch", () => Promise.reject(new Error("offline")));
  const updates: Update["update"][] = [];
  const storage: Partial<ClientStorage> = {
    loadOutbox: () => Promise.resolve([]),
    savePosts: () => Promise.reject(new Error("The disk is full.")),
  };
  const driver = new SessionDriver({
    origin,
    server: server.id,
    storage: storage as ClientStorage,
    device: () => "device",
    onChallenge: () => Promise.resolve(undefined),
    onUpdate: ({ update }) => updates.push(update),
  });
  const body = { kind: "message", text: "hello" } as const;
  const sent = driver.input({ input: "command", command: "send", room: newId(), id: newId(), body, written: 1 });
  await expect(sent).rejects.toThrow("The disk is full.");
  expect(updates).toContain("outbox");
  driver.stop();
});

test("an attempt whose challenge is never answered ends", async () => {
  vi.useFakeTimers();
  const challenge = { server, nonce: "n", protocols: [1] };
  vi.stubGlobal("fetch", () => Promise.resolve(new Response(JSON.stringify(challenge))));
  const onClose = vi.fn();
  const onChallenge = vi.fn(() => new Promise<never>(() => undefined));
  new Transport(origin, { onChallenge, onOpen: vi.fn(), onEvent: vi.fn(), onClose });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(onChallenge).toHaveBeenCalledOnce();
  expect(onClose).toHaveBeenCalledOnce();
});
