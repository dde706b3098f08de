import { countsAsUnreadFor, targetOf } from "../../src/backend/entry-kinds";
import type { Body, Entry, Member, MemberId, Page, Person, RoomSummary } from "../../src/backend/protocol";

/** The log of a fake server's room. Entries are generated when they are requested, so that 100,000 cost nothing. */
export class FakeRoom {
  readonly id: string;
  readonly name: string;
  readonly topic: string;
  head: number;
  read: number;
  readonly #generated: number;
  readonly #created = Date.now();
  readonly #added = new Map<number, Entry>();
  readonly #ids = new Map<string, number>();

  constructor(id: string, name: string, topic: string, written: number, read: number) {
    this.id = id;
    this.name = name;
    this.topic = topic;
    this.head = written;
    this.read = read;
    this.#generated = written;
  }

  entry(seq: number): Entry {
    const added = this.#added.get(seq);
    if (added) return added;
    const at = this.#created - (this.#generated - seq) * 47_000;
    const body: Body =
      seq === 1
        ? { kind: "created", name: this.name }
        : seq % 97 === 0
          ? { kind: "joined", name: people[seq % people.length]?.name ?? "" }
          : { kind: "message", text: textOf(seq) };
    const author = people[Math.floor(seq / 3 + (seq % 7)) % people.length]?.id ?? "";
    return { seq, id: idAt(at, seq), author, device: "d", at, body };
  }

  add(author: MemberId, body: Body, id = idAt(Date.now(), this.head + 1), at = Date.now()): Entry {
    const known = this.#ids.get(id);
    if (known !== undefined) return this.entry(known);
    this.head += 1;
    const entry: Entry = { seq: this.head, id, author, device: "d", at, body };
    this.#added.set(this.head, entry);
    this.#ids.set(id, this.head);
    return entry;
  }

  page(after: number | undefined, before: number | undefined, limit: number): Page {
    let from: number;
    let to: number;
    if (after !== undefined) {
      from = after + 1;
      to = Math.min(this.head, (before ?? this.head + 1) - 1, after + limit);
    } else {
      to = Math.min(this.head, (before ?? this.head + 1) - 1);
      from = Math.max(1, to - limit + 1);
    }
    const entries: Entry[] = [];
    for (let seq = from; seq <= to; seq++) entries.push(this.entry(seq));
    const ids = new Set(entries.map(({ id }) => id));
    const later = [...this.#added.values()].filter(({ seq, body }) => seq > to && ids.has(targetOf(body) ?? ""));
    return { room: this.id, head: { epoch: "e", seq: this.head }, entries, later };
  }

  summary(): RoomSummary {
    let unread = 0;
    for (let seq = this.read + 1; seq <= Math.min(this.head, this.read + 1000); seq++) {
      if (countsAsUnreadFor(this.entry(seq), me)) unread += 1;
    }
    return {
      id: this.id,
      name: this.name,
      topic: this.topic,
      members: people.length,
      head: { epoch: "e", seq: this.head },
      joined: true,
      read: this.read,
      unread,
    };
  }
}

export const me = "me-key";

export const people: Person[] = [
  { id: me, name: "Amber Otter", availability: "online" },
  { id: "ada-key", name: "Ada", availability: "online" },
  { id: "ben-key", name: "Benjamin Featherstonehaugh-Cholmondeley the Third of Somewhere", availability: "away" },
  { id: "lea-key", name: "ليلى", availability: "online" },
  { id: "guest-77", name: "Tim (phone)", availability: "online" },
  { id: "zoe-key", name: "Zoë", availability: "offline" },
  { id: "9fKq2xTz-key", name: "ADA", availability: "online" },
];

export const members: Member[] = people.map(({ id, name }) => ({ id, name }));

const texts = [
  "Has anybody seen the blue folder?",
  "On the shelf, second from the left.",
  "Thanks! The numbers for **March** are in; I put them beside the *old* ones, see https://intranet.example/reports/2026/march?view=full&sort=asc",
  "ok",
  "I'll be there in ten minutes.\nKeep me a seat.",
  "`cargo test` is green again 🎉",
  "A longer one, to see how a paragraph sits: the projector in room 4 needs to be switched on twice, the first time it only warms up the lamp, and the remote control is in the drawer under the whiteboard. If that doesn't help, call Zoë.",
  'Here is how:\n\n```rust\nfn main() {\n    let greeting = "hello"; // a line that is quite long, so that it has to scroll sideways somewhere\n    println!("{greeting}");\n}\n```',
  "مرحبا بالجميع، الاجتماع الساعة الثالثة",
  "> who has the key?\n\nMe.",
  "- bread\n- milk\n- coffee, *lots*",
];

const textOf = (seq: number) => `${texts[(seq * 7) % texts.length]}`;

function idAt(at: number, seq: number): string {
  const time = Math.floor(at).toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${seq.toString(16).padStart(12, "0")}`;
}
