import type { Body, Entry, EntryId, RoomSummary, Seq } from "../src/backend/protocol";
import type { Command } from "../src/backend/session-types";
import { RoomState } from "../src/rooms/room-state.svelte";

/** A room's log as a server would hold it, for tests that speak of people and what they say. */
export class Log {
  readonly entries: Entry[] = [];

  constructor(private readonly start = Date.UTC(2026, 2, 5, 9, 0)) {}

  get head(): Seq {
    return this.entries.length;
  }

  add(author: string, body: Body, at = this.start + this.head * 1000): Entry {
    const seq = this.head + 1;
    const time = Math.floor(at).toString(16).padStart(12, "0");
    const id = `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${seq.toString(16).padStart(12, "0")}`;
    const entry = { seq, id, author, device: "d", at, body };
    this.entries.push(entry);
    return entry;
  }

  says(author: string, text: string, replyTo?: EntryId): Entry {
    return this.add(author, { kind: "message", text, ...(replyTo ? { reply_to: replyTo } : {}) });
  }

  /** So many messages of one person. */
  fill(count: number, author = "bob"): this {
    for (let i = 0; i < count; i++) this.says(author, `line ${this.head + 1}`);
    return this;
  }

  range(from: Seq, to: Seq): Entry[] {
    return this.entries.slice(from - 1, to);
  }

  page({ before, after, limit }: { before?: Seq; after?: Seq; limit: number }): Entry[] {
    if (after !== undefined) return this.range(after + 1, Math.min(after + limit, (before ?? Infinity) - 1));
    const to = Math.min(this.head, (before ?? Infinity) - 1);
    return this.range(Math.max(1, to - limit + 1), to);
  }
}

/** A room's state with a server behind it that answers at once. Alice looks at it. */
export class Visit {
  readonly commands: Command[] = [];
  readonly room: RoomState;
  watched = true;
  /** Who is here under another name than the room knows. */
  readonly names = new Map<string, string>();
  /** The server has gone: nothing is answered any more. */
  silent = false;
  /** Why the back end takes no command, while it takes none. */
  broken: string | null = null;

  constructor(
    readonly log: Log,
    { read = log.head, unread = 0 } = {},
  ) {
    this.room = new RoomState(this.summary(read, unread), {
      me: () => "alice",
      nameOf: (member) => this.names.get(member),
      watched: () => this.watched,
      command: (command) => {
        this.commands.push(command);
        if (this.broken !== null) return Promise.reject({ code: "storage", message: this.broken });
        if (!this.silent) this.answer(command);
        return Promise.resolve();
      },
    });
  }

  summary(read: Seq, unread: number): RoomSummary {
    return {
      id: "room",
      name: "Office",
      topic: "",
      members: 2,
      head: { epoch: "e", seq: this.log.head },
      joined: true,
      read,
      unread,
    };
  }

  arrives(...entries: Entry[]): void {
    this.room.apply(entries, [], { epoch: "e", seq: this.log.head });
  }

  get texts(): string[] {
    return this.room.items.map(({ text }) => text);
  }

  of(command: Command["command"]): Command[] {
    return this.commands.filter((one) => one.command === command);
  }

  private answer(command: Command): void {
    if (command.command === "open") this.arrives(...this.log.page({ limit: 100 }));
    if (command.command === "history") this.arrives(...this.log.page(command.load));
  }
}
