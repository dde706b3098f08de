/** The fields of a room that follow from its log: the one implementation in TypeScript, as `RoomProjection` is in Rust. */

import type { Body, Name } from "../protocol";

/** The name, topic and number of members of a room, as of some entry. */
interface RoomProjection {
  readonly name: Name;
  readonly topic: string;
  readonly members: number;
}

/** A person's membership in a room. */
interface Membership {
  readonly name: Name;
  /** `false` after the person has left. */
  readonly joined: boolean;
}

/** The room, and the membership of the entry's author if the entry changes it. */
interface Projected {
  readonly room: RoomProjection;
  readonly author?: Membership;
}

/**
 * Applies the next entry of the log. `author` is its author's membership so far, undefined if there is none or it is not
 * known.
 */
export function project(room: RoomProjection, body: Body, author?: Membership): Projected {
  switch (body.kind) {
    case "created":
    case "room_renamed":
      return { room: { ...room, name: body.name } };
    case "topic":
      return { room: { ...room, topic: body.text } };
    case "joined":
      return {
        room: author?.joined ? room : { ...room, members: room.members + 1 },
        author: { name: body.name, joined: true },
      };
    case "left":
      return {
        room: author?.joined === false ? room : { ...room, members: Math.max(0, room.members - 1) },
        author: author && { ...author, joined: false },
      };
    case "member_renamed":
      // Only members are renamed, so an unknown author is one.
      return { room, author: { name: body.name, joined: author?.joined ?? true } };
    case "message":
    case "edit":
    case "delete":
    case "wiped":
    case "react":
      return { room };
    default:
      // A kind of a later version.
      body satisfies never;
      return { room };
  }
}
