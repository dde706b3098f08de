import type { MemberId, RoomId } from "../backend/protocol";

/** The look and the action of the mentions of people and rooms in a text. */
export interface MentionView {
  me: MemberId;
  /** Returns the present name of a member, or undefined if it isn't known. */
  nameOf(member: MemberId): string | undefined;
  /** Returns a piece of a member's key, if somebody else's name can be taken for theirs. */
  keyOf(member: MemberId): string | undefined;
  /** Shows the member. */
  show(member: MemberId): void;
  /** Returns the address of a room. */
  addressOf(room: RoomId): string;
  /** Opens a room. */
  open(room: RoomId): void;
}
