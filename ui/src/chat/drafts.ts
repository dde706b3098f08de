import type { EntryId } from "../backend/protocol";
import type { KeyValueStorage } from "../shared/storage";

/** What was begun in a room and not sent. */
export interface Draft {
  text: string;
  replyTo?: EntryId;
}

/** A draft per room, on disk, so that closing the window loses no half-written sentence. */
export class Drafts {
  constructor(private readonly storage: KeyValueStorage) {}

  get(server: string, room: string): Draft {
    const stored = this.storage.get(key(server, room));
    if (stored === null) return { text: "" };
    try {
      const draft = JSON.parse(stored) as Draft;
      return typeof draft.text === "string" ? draft : { text: "" };
    } catch {
      return { text: "" };
    }
  }

  set(server: string, room: string, draft: Draft): void {
    const empty = draft.text === "" && draft.replyTo === undefined;
    this.storage.set(key(server, room), empty ? null : JSON.stringify(draft));
  }
}

const key = (server: string, room: string) => `draft ${server} ${room}`;
