/** A member of a chat, implemented with plain socket.io-client after docs/protocol.md. */

import { randomUUID } from "node:crypto";
import { io } from "socket.io-client";
import { eventually, guardMs } from "./server.mjs";

/** The posts in flight. A client may have a few more (`pending_events` in `hello`). */
const maxInFlight = 60;

export class Member {
  /** All received events, in order: `{ event, data }`. */
  events = [];
  #socket;

  /** Connects and waits for `hello`. */
  static async connect(url, options = {}) {
    const member = new Member();
    member.#socket = io(url, { forceNew: true, reconnection: false, ...options });
    const refused = new Promise((_, reject) => member.#socket.once("connect_error", reject));
    member.#socket.onAny((event, data) => member.events.push({ event, data }));
    await Promise.race([member.receives("hello"), refused]);
    return member;
  }

  get hello() {
    return this.events.find(({ event }) => event === "hello").data;
  }

  get lobby() {
    return this.hello.lobby;
  }

  /** `polling` or `websocket`. */
  get transport() {
    return this.#socket.io.engine.transport.name;
  }

  emit(event, data) {
    this.#socket.emit(event, data);
  }

  get isConnected() {
    return this.#socket.connected;
  }

  /** Emits an event and returns the answer in its acknowledgement. */
  request(event, data, limitMs = guardMs) {
    return this.#socket.timeout(limitMs).emitWithAck(event, data);
  }

  /** Waits for an event that matches, or returns one that has been received already. */
  async receives(name, matches = () => true) {
    const find = () => this.events.find(({ event, data }) => event === name && matches(data));
    const { data } = await eventually(`"${name}" is received`, find).catch((error) => {
      throw new Error(`${error.message}; received: ${JSON.stringify(this.events.map(({ event }) => event))}`);
    });
    return data;
  }

  /** Subscribes to a room, from a head on or with the newest page. */
  async subscribes(room, head = null) {
    this.emit("sync", { rooms: { [room]: head } });
    return this.receives("page", (page) => page.room === room);
  }

  /** Posts a message and waits for its entry, which is the receipt. */
  async says(text, { room = this.lobby, id = randomUUID() } = {}) {
    this.emit("post", { room, id, body: { kind: "message", text } });
    const { entries } = await this.receives("entries", (batch) => batch.entries.some((entry) => entry.id === id));
    return entries.find((entry) => entry.id === id);
  }

  /** Posts messages with as many in flight as a client may have, and waits for their receipts. */
  async saysAll(texts, room = this.lobby) {
    const next = texts[Symbol.iterator]();
    const worker = async () => {
      for (const text of next) {
        const body = { kind: "message", text };
        const { event, data } = await this.request("post", { room, id: randomUUID(), body });
        if (event !== "entries") throw new Error(`a message was refused: ${JSON.stringify(data)}`);
      }
    };
    await Promise.all(Array.from({ length: maxInFlight }, worker));
  }

  /** Waits for a message of any member. */
  async sees(text) {
    const hasText = ({ entries }) => entries.some(({ body }) => body.text === text);
    const find = () => this.events.find(({ event, data }) => ["entries", "page"].includes(event) && hasText(data));
    const { data } = await eventually(`"${text}" is seen`, find);
    return data.entries.find(({ body }) => body.text === text);
  }

  async usesTransport(transport) {
    await eventually(`the transport is ${transport}`, () => this.transport === transport);
  }

  disconnect() {
    this.#socket.disconnect();
  }
}
