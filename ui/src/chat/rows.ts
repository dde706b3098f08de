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

export interface Day {
  day: number;
  rows: Row[];
}

/** Returns the row of the first item at or after `seq`, or the last row of an item. */
export function rowAt(days: readonly Day[], seq: Seq): Row | undefined {
  const rows = days.flatMap((day) => day.rows).filter((row) => row.kind !== "new");
  return rows.find((row) => lastSeqOf(row) >= seq) ?? rows.at(-1);
}

function lastSeqOf(row: Row): Seq {
  switch (row.kind) {
    case "message":
      return row.item.seq;
    case "system":
      return row.items.at(-1)?.seq ?? 0;
    case "new":
      return 0;
  }
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
  let previous = null as Item | null;
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
    // Below a quotation, only its author's name could be taken for that of the message.
    const isFollowing = previous?.author === item.author && item.at - previous.at <= maxGroupGapMs;
    const startsGroup = !isFollowing || item.replyTo !== undefined;
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
