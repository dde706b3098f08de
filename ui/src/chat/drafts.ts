import type { EntryId } from "../backend/protocol";
import type { KeyValueStorage } from "../shared/storage";

/** An unsent text. */
interface Draft {
  text: string;
  replyTo?: EntryId;
}

/** The drafts of all rooms, stored on this device so that closing the window doesn't lose them. */
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
