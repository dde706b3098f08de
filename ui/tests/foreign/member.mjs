/** A member of a chat, made from plain socket.io-client and docs/protocol.md alone. */

import { randomUUID } from "node:crypto";
import { io } from "socket.io-client";
import { eventually } from "./server.mjs";

const withinMs = 10_000;

export class Member {
  /** All that was heard, in order: `{ event, data }`. */
  heard = [];
  #socket;

  /** Connects and waits for `hello`. */
  static async connect(url, options = {}) {
    const member = new Member();
    member.#socket = io(url, { forceNew: true, reconnection: false, ...options });
    const refused = new Promise((_, reject) => member.#socket.once("connect_error", reject));
    member.#socket.onAny((event, data) => member.heard.push({ event, data }));
    await Promise.race([member.hears("hello"), refused]);
    return member;
  }

  get hello() {
    return this.heard.find(({ event }) => event === "hello").data;
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

  /** The answer, by acknowledgement. */
  asks(event, data) {
    return this.#socket.timeout(withinMs).emitWithAck(event, data);
  }

  /** Waits for an event that fits, be it one that has come already. */
  async hears(event, fits = () => true) {
    const found = () => this.heard.find((one) => one.event === event && fits(one.data));
    const { data } = await eventually(`"${event}" is heard`, withinMs, found).catch((error) => {
      throw new Error(`${error.message}; heard: ${JSON.stringify(this.heard.map((one) => one.event))}`);
    });
    return data;
  }

  /** Subscribes to a room from the start or from a head. */
  async follows(room, head = null) {
    this.emit("sync", { rooms: { [room]: head } });
    return this.hears("page", (page) => page.room === room);
  }

  /** Posts, and waits for the receipt. */
  async says(text, { room = this.lobby, id = randomUUID() } = {}) {
    this.emit("post", { room, id, body: { kind: "message", text } });
    const { entries } = await this.hears("entries", (batch) => batch.entries.some((entry) => entry.id === id));
    return entries.find((entry) => entry.id === id);
  }

  /** Waits until somebody says this. */
  async sees(text) {
    const fits = ({ entries }) => entries.some(({ body }) => body.text === text);
    const found = () => this.heard.find(({ event, data }) => ["entries", "page"].includes(event) && fits(data));
    const { data } = await eventually(`"${text}" is seen`, withinMs, found);
    return data.entries.find(({ body }) => body.text === text);
  }

  async isOn(transport) {
    await eventually(`the connection is on ${transport}`, withinMs, () => this.transport === transport);
  }

  leave() {
    this.#socket.disconnect();
  }
}
