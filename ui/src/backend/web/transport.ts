/** One attempt at a connection. The only file that knows socket.io-client. */

import { io, type Socket } from "socket.io-client";
import { type Auth, type Challenge, protocols, type WireError } from "../protocol";
import { wireErrorFromText } from "../wire-error";

export interface TransportEvents {
  /** The server has introduced itself. The answer, or nothing when this is not the server that was meant. */
  met(challenge: Challenge, protocol: number): Promise<Auth | undefined>;
  opened(): void;
  event(name: string, data: unknown): void;
  /** Exactly once, and the last. */
  closed(error?: WireError): void;
}

const helloWithinMs = 10_000;
const openWithinMs = 10_000;

export class Transport {
  readonly #origin: string;
  readonly #on: TransportEvents;
  readonly #abort = new AbortController();
  #socket?: Socket;
  #over = false;

  constructor(origin: string, on: TransportEvents) {
    this.#origin = origin;
    this.#on = on;
    this.#open().catch(() => this.#end());
  }

  emit(name: string, data: unknown): void {
    // socket.io-client would keep it for a connection that never comes: each attempt has a socket of its own.
    if (this.#socket?.connected) this.#socket.emit(name, data);
  }

  close(): void {
    this.#end();
  }

  async #open(): Promise<void> {
    const challenge = await askHello(this.#origin, this.#abort.signal);
    const protocol = protocols.filter((version) => challenge.protocols.includes(version)).at(-1);
    if (protocol === undefined) {
      const message = "This page is of another version than the server. Reload it.";
      this.#end({ code: "protocol", message });
      return;
    }
    const auth = await this.#on.met(challenge, protocol);
    if (!auth) this.#end();
    if (!auth || this.#over) return;
    const socket = io(this.#origin, {
      auth: { ...auth },
      forceNew: true,
      reconnection: false,
      timeout: openWithinMs,
      transports: ["websocket", "polling"],
      tryAllTransports: true,
    });
    this.#socket = socket;
    socket.on("connect", () => this.#on.opened());
    socket.onAny((name: string, data: unknown) => this.#on.event(name, data));
    socket.on("disconnect", () => this.#end());
    socket.on("connect_error", (error) => {
      // Only a server that refuses us makes the socket inactive; else it was not reached.
      this.#end(socket.active ? undefined : wireErrorFromText(error.message));
    });
  }

  #end(error?: WireError): void {
    if (this.#over) return;
    this.#over = true;
    this.#abort.abort();
    this.#socket?.off();
    this.#socket?.offAny();
    this.#socket?.disconnect();
    this.#on.closed(error);
  }
}

/** Asks the server who it is. Rejects when none answers, or something that is no I-Chat server. */
export async function askHello(origin: string, aborted?: AbortSignal): Promise<Challenge> {
  const late = AbortSignal.timeout(helloWithinMs);
  const signal = aborted ? either(aborted, late) : late;
  const response = await fetch(`${origin}/api/hello`, { cache: "no-store", signal });
  const challenge: Partial<Challenge> = await response.json();
  if (!challenge.server?.id || !challenge.nonce || !Array.isArray(challenge.protocols))
    throw new Error("no I-Chat server answers at this address");
  return challenge as Challenge;
}

/** `AbortSignal.any`, which Safari has only since 17.4. */
function either(first: AbortSignal, second: AbortSignal): AbortSignal {
  const both = new AbortController();
  for (const signal of [first, second]) {
    if (signal.aborted) both.abort();
    signal.addEventListener("abort", () => both.abort(), { once: true });
  }
  return both.signal;
}
