/** The declared properties of entry kinds, which the session and the interface use instead of matching on kinds. */

import { type Body, type Entry, type EntryId, type Kind, type KindProperties, kinds, type MemberId } from "./protocol";

type AmendingKind = { [K in Kind]: (typeof kinds)[K]["effect"] extends null ? never : K }[Kind];

/** A body that changes another entry, its target. */
export type AmendingBody = Extract<Body, { kind: AmendingKind }>;

/** Returns the properties of a body's kind, also of one from a later version. */
export function propertiesOf(body: Body): KindProperties {
  // A kind may have the name of anything, also of what every object has.
  return Object.hasOwn(kinds, body.kind) ? kinds[body.kind] : kinds.unknown;
}

export function isAmending(body: Body): body is AmendingBody {
  return propertiesOf(body).effect !== null;
}

/** Returns the entry that a body changes, or null if it changes none. */
export function targetOf(body: AmendingBody): EntryId;
export function targetOf(body: Body): EntryId | null;
export function targetOf(body: Body): EntryId | null {
  if (!isAmending(body)) return null;
  return "of" in body ? body.of : body.to;
}

/** Returns whether an entry counts as unread for a member. A member's own entries don't. */
export function countsAsUnreadFor({ author, body }: Pick<Entry, "author" | "body">, me: MemberId): boolean {
  return author !== me && propertiesOf(body).countsAsUnread;
}
