/** The logs of all rooms, read from the server by a client of its own, and what an interface has to show of them. */

const pageEntries = 200;

export class RoomLogs {
  /** The number of answers that the server has given. */
  answers = 0;
  #reader;
  /** By room: the messages in order, by id. */
  #rooms = new Map();
  #last = new Map();

  constructor(reader) {
    this.#reader = reader;
  }

  /** Lists the rooms, by name. */
  async rooms() {
    const rooms = await this.#reader.listsRooms();
    this.answers += 1;
    return rooms;
  }

  /** Reads what a room's log has now, and returns its messages, oldest first. */
  async messages(room) {
    const messages = this.#rooms.get(room) ?? new Map();
    this.#rooms.set(room, messages);
    for (;;) {
      const last = this.#last.get(room) ?? 0;
      const { entries } = await this.#reader.reads(room, { after: last, limit: pageEntries });
      this.answers += 1;
      for (const entry of entries) apply(messages, entry);
      if (entries.length === 0)
        return [...messages.values()].filter(({ isKnown }) => isKnown).sort((a, b) => a.seq - b.seq);
      this.#last.set(room, entries.at(-1).seq);
    }
  }
}

function apply(messages, { seq, id, author, body }) {
  const get = (key) => {
    if (!messages.has(key)) messages.set(key, { id: key, isKnown: false, text: "", reactions: new Map() });
    return messages.get(key);
  };
  if (body.kind === "message") Object.assign(get(id), { seq, author, isKnown: true, text: body.text });
  // A message that was deleted before the log was read. An edit of it is wiped, too: no deletion names that.
  else if (body.kind === "wiped") Object.assign(get(id), { seq, author });
  else if (body.kind === "edit") get(body.of).text = body.text;
  else if (body.kind === "delete") Object.assign(get(body.of), { isKnown: true, deleted: true });
  else if (body.kind === "react") {
    const { reactions } = get(body.to);
    const members = reactions.get(body.emoji) ?? new Set();
    if (body.on) members.add(author);
    else members.delete(author);
    reactions.set(body.emoji, members);
  }
}

/**
 * Compares the rows on the screen with the messages of the log, and returns the first difference, or undefined.
 *
 * @param {object[]} rows the rows that the page has, as `ichatView.rows()` returns them
 * @param {object[]} messages the messages of the log
 * @param {boolean} isInStep whether the page has received everything
 */
export function difference(rows, messages, isInStep) {
  const index = new Map(messages.map(({ id }, at) => [id, at]));
  const known = rows.filter(({ id }) => index.has(id));
  const unknown = rows.findIndex(({ id }) => !index.has(id));
  if (unknown >= 0 && rows.slice(unknown).some(({ id }) => index.has(id)))
    return `a row that the log doesn't have is between others: ${rows[unknown].text}`;
  if (unknown >= 0 && isInStep) return `the log doesn't have the row ${rows[unknown].text}`;
  for (const [at, { id, text }] of known.entries()) {
    const expected = index.get(known[0].id) + at;
    if (index.get(id) !== expected)
      return `after ${known[at - 1]?.text ?? "the beginning"} comes ${text} instead of ${messages[expected]?.text}`;
  }
  if (!isInStep) return undefined;
  for (const row of known) {
    const problem = textDifference(row, messages[index.get(row.id)]);
    if (problem) return problem;
  }
  return undefined;
}

function textDifference(row, message) {
  const shown = normalized(row.text);
  const wanted = message.deleted ? "Message deleted" : normalized(message.text);
  if (!shown.includes(wanted)) return `the row ${message.seq} shows ${shown} instead of ${wanted}`;
  const reactions = message.deleted ? [] : [...message.reactions].filter(([, { size }]) => size > 0);
  const expected = reactions.map(([emoji, { size }]) => `${plain(emoji)} ${size}`).sort();
  const actual = row.reactions.map(plain).sort();
  if (actual.join() !== expected.join())
    return `the row ${message.seq} has the reactions ${actual} instead of ${expected}`;
  return undefined;
}

const normalized = (text) => text.replace(/\s+/g, " ").trim();
const plain = (emoji) => emoji.replaceAll("\uFE0F", "");
