/** Somebody else in the chat, without a browser: a client with socket.io-client and a key, after docs/protocol.md. */

import { strict as assert } from "node:assert";
import { createPublicKey, generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { Member } from "../foreign/member.mjs";
import { eventually } from "../foreign/server.mjs";

export class Friend {
  name;
  member;
  #url;
  #device = randomUUID();
  #key = generateKeyPairSync("ed25519");

  static async connect(url, name) {
    const friend = new Friend();
    friend.name = name;
    friend.#url = url;
    await friend.connects();
    return friend;
  }

  /** Connects, also again after the connection was lost: as the same person, in the same rooms. */
  async connects() {
    this.member = await Member.connect(this.#url, { auth: await this.#auth(), transports: ["websocket"] });
    const rooms = this.member.hello.rooms.map(({ id }) => [id, null]);
    await this.member.request("sync", { rooms: Object.fromEntries(rooms) });
  }

  async #auth() {
    const { server, nonce } = await (await fetch(`${this.#url}/api/hello`)).json();
    const signed = ["ichat auth 1", server.id, nonce, this.#device].join("\n");
    return {
      protocol: 1,
      name: this.name,
      device: this.#device,
      nonce,
      key: this.#key.publicKey.export({ format: "jwk" }).x,
      signature: sign(null, Buffer.from(signed), this.#key.privateKey).toString("base64url"),
    };
  }

  get lobby() {
    return this.member.lobby;
  }

  get id() {
    return createPublicKey(this.#key.privateKey).export({ format: "jwk" }).x;
  }

  /** Emits an event, and returns the data of its answer, which must be of the expected kind. */
  async #requests(event, data, expected) {
    const answer = await this.member.request(event, data);
    assert.equal(answer.event, expected, `${event} is answered with ${JSON.stringify(answer)}`);
    return answer.data;
  }

  /** Posts an entry, and returns it as the server has added it. */
  async posts(body, room = this.lobby) {
    const id = randomUUID();
    const { entries } = await this.#requests("post", { room, id, body }, "entries");
    return entries.find((entry) => entry.id === id);
  }

  says(text, room) {
    return this.posts({ kind: "message", text }, room);
  }

  saysAll(texts, room) {
    return this.member.saysAll(texts, room);
  }

  /** Creates a room and returns its id. */
  async createsRoom(name) {
    const room = randomUUID();
    await this.#requests("create", { room, name }, "room");
    return room;
  }

  async joins(room) {
    await this.#requests("join", { room }, "room");
  }

  async renamesTo(name) {
    await this.#requests("set_name", { name }, "presence");
    this.name = name;
  }

  /** Returns all rooms of the server. */
  async listsRooms() {
    return (await this.#requests("rooms", {}, "rooms")).rooms;
  }

  /** Returns a page of a room's log. */
  reads(room, range) {
    return this.#requests("history", { room, ...range }, "page");
  }

  /** Waits until the server lists a room of that name, and returns it. */
  async seesRoom(name) {
    return eventually(`there is a room ${name}`, async () => {
      return (await this.listsRooms()).find((room) => room.name === name);
    });
  }

  /** Waits for an entry in a room of this person, and returns it. */
  sees(description, matches) {
    return eventually(`${this.name} sees ${description}`, () =>
      this.member.events
        .filter(({ event }) => event === "entries" || event === "page")
        .flatMap(({ data }) => data.entries)
        .find(matches),
    );
  }

  seesMessage(text) {
    return this.sees(
      `the message ${JSON.stringify(text)}`,
      ({ body }) => body.kind === "message" && body.text === text,
    );
  }

  async leaves() {
    this.member.disconnect();
  }
}
