import type { MemberId } from "../backend/protocol";

/** The look and the action of the mentions in a text. */
export interface MentionView {
  me: MemberId;
  /** Returns the present name of a member, or undefined if it isn't known. */
  nameOf(member: MemberId): string | undefined;
  /** Shows the member. */
  show(member: MemberId): void;
}
