/** A server of a test's own, the way to it, and the people who are there. */

import { Friend } from "./friend.mjs";
import { Link } from "./link.mjs";
import { User } from "./user.mjs";
import { Server } from "../foreign/server.mjs";

export class World {
  server;
  /** The way of the test's browsers to the server. Friends have ways of their own. */
  link;
  #people = [];

  /** Starts a server without history, or on a copy of a stopped server's data. */
  static async open({ archive } = {}) {
    const world = new World();
    const flags = ["--name", "Office"];
    world.server = archive ? await Server.launchCopy(archive, ...flags) : await Server.launch(...flags);
    world.link = await Link.to(world.server.port);
    return world;
  }

  /** Connects a person without a browser. */
  async friend(name = "Ben") {
    const friend = await Friend.connect(this.server.url, name);
    this.#people.push(friend);
    return friend;
  }

  /** Opens a browser's tab with the page. */
  async user(browser, hand, screen) {
    const user = await User.open(this, browser, hand, screen);
    this.#people.push(user);
    return user;
  }

  async close() {
    for (const person of this.#people) await person.leaves();
    await this.link.close();
    await this.server.remove();
  }
}

/** Makes the data of a server whose lobby has many messages, numbered from 1. Returns the stopped server. */
export async function makeArchive(count) {
  // One person writes them all.
  const server = await Server.launch("--name", "Office", "--max-rate-per-person=0");
  const writer = await Friend.connect(server.url, "Writer");
  await writer.saysAll(Array.from({ length: count }, (_, index) => archivedText(index + 1)));
  await writer.leaves();
  await server.stop();
  return server;
}

/** Returns the text of an archived message. The messages have different heights. */
export function archivedText(n) {
  const words = n % 3 === 0 ? ` ${"and some more words ".repeat(n % 17)}`.trimEnd() : "";
  return `line ${n}${words}${n % 41 === 0 ? "\n\na\nb" : ""}`;
}
