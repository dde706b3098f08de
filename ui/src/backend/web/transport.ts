/** One connection attempt. The only file that imports socket.io-client. */

import type { Socket } from "socket.io-client";
import { type Auth, type Challenge, protocols, type WireError } from "../protocol";
import { wireErrorFromText } from "../wire-error";
import { strings } from "../../shared/strings";

interface TransportHandlers {
  /** Called with the server's challenge. Returns the signed answer, or undefined to give up the attempt. */
  onChallenge(challenge: Challenge, protocol: number): Promise<Auth | undefined>;
  onOpen(): void;
  onEvent(name: string, data: unknown): void;
  /** Called exactly once, as the last handler, unless the transport is dropped. */
  onClose(error?: WireError): void;
}

const challengeTimeoutMs = 10_000;
/** The time after which a challenge that wasn't signed ends the attempt: the code for the next steps may have to be loaded. */
const signTimeoutMs = 10_000;
const connectTimeoutMs = 10_000;

/** Loads the code of connections, which isn't part of the page's start. */
export const loadSocketIo = () => import("socket.io-client");

export class Transport {
  readonly #address: string;
  readonly #handlers: TransportHandlers;
  readonly #abort = new AbortController();
  #socket?: Socket;
  #closed = false;
  #dropped = false;

  constructor(address: string, handlers: TransportHandlers) {
    this.#address = address;
    this.#handlers = handlers;
    this.#open().catch(() => this.close());
  }

  emit(name: string, data: unknown): void {
    // While disconnected, socket.io-client would buffer it for a reconnect, but each attempt has a socket of its own.
    if (this.#socket?.connected) this.#socket.emit(name, data);
  }

  /** `true` if another transport has replaced this one: what it has reported that wasn't handled yet doesn't count. */
  get isDropped(): boolean {
    return this.#dropped;
  }

  /** Closes the connection, and reports that with the error that is the reason, if there is one. */
  close(error?: WireError): void {
    if (this.#closed) return;
    this.#disconnect();
    this.#handlers.onClose(error);
  }

  /** Closes the connection without a report, because another one replaces it. */
  drop(): void {
    this.#dropped = true;
    this.#disconnect();
  }

  #disconnect(): void {
    this.#closed = true;
    this.#abort.abort();
    this.#socket?.off();
    this.#socket?.offAny();
    this.#socket?.disconnect();
  }

  async #open(): Promise<void> {
    const socketIo = loadSocketIo();
    // A failure counts when the code is needed.
    socketIo.catch(() => undefined);
    const challenge = await fetchHello(this.#address, this.#abort.signal);
    const protocol = protocols.filter((version) => challenge.protocols.includes(version)).at(-1);
    if (protocol === undefined) {
      this.close({ code: "protocol", message: strings.banner.otherVersion });
      return;
    }
    const timeout = setTimeout(() => this.close(), signTimeoutMs);
    const answer = Promise.all([this.#handlers.onChallenge(challenge, protocol), socketIo]);
    const [auth, { io }] = await answer.finally(() => clearTimeout(timeout));
    if (!auth) this.close();
    if (!auth || this.#closed) return;
    const { origin, pathname } = new URL("socket.io", this.#address);
    const socket = io(origin, {
      path: pathname,
      auth: { ...auth },
      forceNew: true,
      reconnection: false,
      timeout: connectTimeoutMs,
      transports: ["websocket", "polling"],
      tryAllTransports: true,
    });
    this.#socket = socket;
    socket.on("connect", () => this.#handlers.onOpen());
    socket.onAny((name: string, data: unknown) => this.#handlers.onEvent(name, data));
    socket.on("disconnect", () => this.close());
    socket.on("connect_error", (error) => {
      // The socket is inactive only if the server refused it; otherwise the server was not reached.
      this.close(socket.active ? undefined : wireErrorFromText(error.message));
    });
  }
}

/** Fetches the server's id and a challenge. Rejects if no I-Chat server answers. */
export async function fetchHello(address: string, aborted?: AbortSignal): Promise<Challenge> {
  const timeout = AbortSignal.timeout(challengeTimeoutMs);
  const signal = aborted ? anySignal(aborted, timeout) : timeout;
  const response = await fetch(new URL("api/hello", address), { cache: "no-store", signal });
  const challenge: Partial<Challenge> = await response.json();
  if (!challenge.server?.id || !challenge.nonce || !Array.isArray(challenge.protocols))
    throw new Error("no I-Chat server answers at this address");
  return challenge as Challenge;
}

/** Replaces `AbortSignal.any`, which Safari supports only since 17.4. */
function anySignal(first: AbortSignal, second: AbortSignal): AbortSignal {
  const either = new AbortController();
  for (const signal of [first, second]) {
    if (signal.aborted) either.abort();
    signal.addEventListener("abort", () => either.abort(), { once: true });
  }
  return either.signal;
}
