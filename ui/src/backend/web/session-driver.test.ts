/**
 * A session in a browser whose parts fail:
 * - a post that can't be stored is shown all the same, and the user gets the error
 * - an attempt whose challenge is never answered ends
 * - an attempt that hangs is replaced when the user asks for one, which is shown as under way and doesn't count as a failure
 * - who writes neither ends an attempt that is under way nor shortens the wait after the server's refusal
 */
import { afterEach, expect, test, vi } from "vitest";
import { newId } from "../../shared/ids";
import type { Update } from "../session-types";
import type { ClientStorage } from "./client-storage";
import { SessionDriver } from "./session-driver";
import { Transport } from "./transport";

const address = "http://office:4242";
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
    address,
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
  new Transport(address, { onChallenge, onOpen: vi.fn(), onEvent: vi.fn(), onClose });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(onChallenge).toHaveBeenCalledOnce();
  expect(onClose).toHaveBeenCalledOnce();
});

test("an attempt that hangs is replaced when the user asks for one", async () => {
  vi.useFakeTimers();
  const signals: (AbortSignal | null | undefined)[] = [];
  vi.stubGlobal("fetch", (_: string, { signal }: RequestInit) => {
    signals.push(signal);
    // The first attempt fails, and those after it hang.
    return signals.length === 1 ? Promise.reject(new Error("offline")) : new Promise<Response>(() => undefined);
  });
  const storage: Partial<ClientStorage> = { loadOutbox: () => Promise.resolve([]) };
  const shown: unknown[] = [];
  const driver = new SessionDriver({
    address,
    server: server.id,
    storage: storage as ClientStorage,
    device: () => "device",
    onChallenge: () => Promise.resolve(undefined),
    onUpdate: (update) => {
      if (update.update === "connection" && update.state === "reconnecting")
        shown.push({ attempts: update.attempts, trying: update.trying });
    },
  });
  await vi.advanceTimersByTimeAsync(6_000);
  expect(signals.map((signal) => signal?.aborted)).toEqual([true, false]);
  shown.length = 0;
  await driver.input({ input: "reconnect" });
  await vi.advanceTimersByTimeAsync(100);
  expect(signals.map((signal) => signal?.aborted)).toEqual([true, true, false]);
  expect(shown).toEqual([{ attempts: 1, trying: true }]);
  driver.stop();
});

test("who writes neither ends an attempt nor shortens the wait after a refusal", async () => {
  vi.useFakeTimers();
  const requests: { isAborted(): boolean; answer(response: Response): void; fail(): void }[] = [];
  vi.stubGlobal("fetch", (_: string, { signal }: RequestInit) => {
    const isAborted = () => signal?.aborted === true;
    return new Promise<Response>((answer, reject) => {
      requests.push({ isAborted, answer, fail: () => reject(new Error("offline")) });
    });
  });
  const storage: Partial<ClientStorage> = { loadOutbox: () => Promise.resolve([]) };
  const driver = new SessionDriver({
    address,
    server: server.id,
    storage: storage as ClientStorage,
    device: () => "device",
    onChallenge: () => Promise.resolve(undefined),
    onUpdate: () => undefined,
  });
  const writes = async (seconds: number) => {
    for (let i = 0; i < seconds; i++) {
      driver.hurry();
      await vi.advanceTimersByTimeAsync(1_000);
    }
  };
  await writes(8);
  expect(requests.map(({ isAborted }) => isAborted())).toEqual([false]);
  requests[0]?.fail();
  await writes(1);
  expect(requests.length, "after a failure it is tried again").toBe(2);
  // The server refuses this client's version.
  requests[1]?.answer(new Response(JSON.stringify({ server, nonce: "n", protocols: [999] })));
  await writes(30);
  expect(requests.length).toBe(2);
  driver.stop();
});
