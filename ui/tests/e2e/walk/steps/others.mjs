/** Steps of somebody else, who has a client without a page. */

import { checkInStep, checkPresent } from "../invariants.mjs";
import { isAtEnd, staysInPlace } from "./anchor.mjs";

const emoji = ["👍", "❤️", "😂"];

/** Posts messages. A user who is at the end stays there; one who reads above sees nothing move. */
export async function receive(walk, random) {
  const room = await roomToWriteIn(walk, random);
  if (!room) return "offline";
  const count = random.between(1, 4);
  const before = await walk.view.query("reading");
  const isOpen = before.room === room.name;
  const atPresent = before.below < 4 && (await isNewestIn(walk, room, before.rows));
  for (let n = 0; n < count; n++) await walk.ben.says(walk.text(random, random.between(1000, 9999)), room.id);
  if (isOpen && atPresent && walk.isConnected) await checkPresent(walk);
  else await checkInStep(walk);
  if (isOpen && !isAtEnd(before)) await staysInPlace(walk, before.rows);
  return `${count} in ${room.name}`;
}

export async function receiveMany(walk, random) {
  const room = await roomToWriteIn(walk, random);
  if (!room) return "offline";
  const count = random.between(40, 150);
  const texts = Array.from({ length: count }, (_, n) => walk.text(random, 10_000 + random.between(0, 9999) * 200 + n));
  await walk.ben.saysAll(texts, room.id);
  await checkInStep(walk);
  return `${count} in ${room.name}`;
}

/** Edits, reacts to or deletes one of the newest messages, or one from long ago. */
export async function amend(walk, random) {
  const room = await roomToWriteIn(walk, random);
  if (!room) return "offline";
  const messages = (await walk.logs.messages(room.id)).filter(({ deleted }) => !deleted);
  const recent = messages.slice(-60);
  const own = recent.filter(({ author }) => author === walk.ben.id);
  const kind = random.of(["edit", "react", "react", "delete"]);
  const message = random.of(kind === "react" ? (random.chance(0.8) ? recent : messages) : own);
  if (!message) return "no message";
  const bodies = {
    edit: { kind, of: message.id, text: walk.text(random, random.between(1000, 9999)) },
    delete: { kind, of: message.id },
    react: { kind, to: message.id, emoji: random.of(emoji), on: random.chance(0.8) },
  };
  await walk.ben.posts(bodies[kind], room.id);
  await checkInStep(walk);
  return `${kind} ${message.seq} in ${room.name}`;
}

export async function rename(walk, random) {
  if (!walk.isConnected) return "offline";
  await walk.ben.renamesTo(`Ben ${random.between(1, 99)}`);
  return walk.ben.name;
}

export async function renameRoom(walk, random) {
  const room = await roomToWriteIn(walk, random);
  if (!room || room.id === walk.ben.lobby) return "the lobby";
  const name = `Room ${walk.seed}.${walk.taken.length}`;
  await walk.ben.posts({ kind: "room_renamed", name }, room.id);
  return `${room.name} to ${name}`;
}

async function isNewestIn(walk, room, rows) {
  const newest = (await walk.logs.messages(room.id)).at(-1);
  return newest === undefined || rows.some(({ id }) => id === newest.id);
}

/** Returns the open room, or sometimes another one, in which Ben is. */
async function roomToWriteIn(walk, random) {
  if (walk.outage?.isServerDown) return undefined;
  const rooms = (await walk.logs.rooms()).filter(({ joined }) => joined);
  const { room } = await walk.view.query("place");
  const open = rooms.find(({ name }) => name === room);
  return open && random.chance(0.75) ? open : random.of(rooms);
}
