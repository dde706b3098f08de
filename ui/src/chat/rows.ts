import type { EntryId, MemberId, Seq } from "../backend/protocol";
import type { Item } from "../rooms/fold";
import type { PendingMessage } from "../rooms/outbox.svelte";
import { dayOf } from "../shared/time";

/** How far apart messages of one person may be and still stand as one group. */
const groupMs = 5 * 60_000;

export type Row =
  | { kind: "message"; key: EntryId; item: Item; head: boolean; waiting?: PendingMessage }
  | { kind: "system"; key: EntryId; items: Item[] }
  | { kind: "new"; key: "new" };

export interface Day {
  day: number;
  rows: Row[];
}

/** Lays lines out: by days, in groups by author, with the *New* line, and with quiet events next to each other in one row. */
export function layOut(
  items: readonly Item[],
  waiting: readonly PendingMessage[],
  newAfter: Seq | null,
  me: MemberId,
): Day[] {
  const days: Day[] = [];
  let last: Item | null = null;
  let lineStands = newAfter === null;

  const rowsOf = (at: number): Row[] => {
    const day = dayOf(at);
    // Clocks of two devices differ; a line never goes back to the day before.
    const open = days.at(-1);
    if (open && open.day >= day) return open.rows;
    const rows: Row[] = [];
    days.push({ day, rows });
    last = null;
    return rows;
  };

  const message = (item: Item, more?: PendingMessage) => {
    const rows = rowsOf(item.at);
    const head: boolean = last?.author !== item.author || item.at - last.at > groupMs;
    rows.push({ kind: "message", key: item.id, item, head, ...(more ? { waiting: more } : {}) });
    last = item;
  };

  for (const item of items) {
    const rows = rowsOf(item.at);
    if (!lineStands && newAfter !== null && item.seq > newAfter && startsNew(item, me)) {
      lineStands = true;
      rows.push({ kind: "new", key: "new" });
      last = null;
    }
    if (item.body.kind === "message" || item.deleted) {
      message(item);
      continue;
    }
    const before = rows.at(-1);
    if (before?.kind === "system") before.items.push(item);
    else rows.push({ kind: "system", key: item.id, items: [item] });
    last = null;
  }
  for (const more of waiting) message(more.item, more);
  return days;
}

/** Only what others said is new to a person. */
const startsNew = (item: Item, me: MemberId) => item.author !== me && (item.body.kind === "message" || item.deleted);
