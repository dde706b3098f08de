import type { EntryId, MemberId, Seq } from "../backend/protocol";
import type { Item } from "../rooms/fold";
import type { PendingMessage } from "../rooms/outbox.svelte";
import { dayOf } from "../shared/time";

/** The longest time between two messages of one author in one group. */
const maxGroupGapMs = 5 * 60_000;

export type Row =
  | { kind: "message"; key: EntryId; item: Item; startsGroup: boolean; pending?: PendingMessage }
  | { kind: "system"; key: EntryId; items: Item[] }
  | { kind: "new"; key: "new" };

interface Day {
  day: number;
  rows: Row[];
}

/**
 * Arranges items in rows: by day, in groups by author, with the *New* line above the first new message, and with adjacent
 * system entries in one row.
 */
export function layOutRows(
  items: readonly Item[],
  pendingMessages: readonly PendingMessage[],
  newAfter: Seq | null,
  me: MemberId,
): Day[] {
  const days: Day[] = [];
  let previous: Item | null = null;
  let linePlaced = newAfter === null;

  const rowsOf = (at: number): Row[] => {
    const day = dayOf(at);
    // The clocks of two devices may differ; a row never goes back to an earlier day.
    const lastDay = days.at(-1);
    if (lastDay && lastDay.day >= day) return lastDay.rows;
    const rows: Row[] = [];
    days.push({ day, rows });
    previous = null;
    return rows;
  };

  const addMessage = (item: Item, pending?: PendingMessage) => {
    const rows = rowsOf(item.at);
    const startsGroup: boolean = previous?.author !== item.author || item.at - previous.at > maxGroupGapMs;
    rows.push({ kind: "message", key: item.id, item, startsGroup, ...(pending ? { pending } : {}) });
    previous = item;
  };

  for (const item of items) {
    const rows = rowsOf(item.at);
    if (!linePlaced && newAfter !== null && item.seq > newAfter && item.isMessage && item.author !== me) {
      linePlaced = true;
      rows.push({ kind: "new", key: "new" });
      previous = null;
    }
    if (item.isMessage) {
      addMessage(item);
      continue;
    }
    const last = rows.at(-1);
    if (last?.kind === "system") last.items.push(item);
    else rows.push({ kind: "system", key: item.id, items: [item] });
    previous = null;
  }
  for (const pending of pendingMessages) addMessage(pending.item, pending);
  return days;
}
