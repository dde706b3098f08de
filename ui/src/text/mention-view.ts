import type { MemberId, RoomId } from "../backend/protocol";
import type { MentionToken } from "./tokens";

/** The look and the action of the mentions of people and rooms in a text. */
export interface MentionView {
  me: MemberId;
  /** Returns the present name of a member, or undefined if it isn't known. */
  nameOf(member: MemberId): string | undefined;
  /** Returns a piece of a member's key, if the name doesn't identify them. */
  keyOf(member: MemberId): string | undefined;
  /** Shows the member. */
  show(member: MemberId): void;
  /** Returns the address of a room, which the timeline opens. */
  addressOf(room: RoomId): string;
}

/** The present names of members. */
export type MemberNames = Pick<MentionView, "nameOf">;

/** Returns a mention as it is shown: with the member's present name. */
export function mentionText({ member, text }: MentionToken, names: MemberNames): string {
  const name = names.nameOf(member);
  return name === undefined ? text : `@${name}`;
}
