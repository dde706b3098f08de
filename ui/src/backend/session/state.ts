/** The state of a session, on which the functions for events and commands work. */

import type { Hello, MemberId, Name, Read, RoomId, RoomSummary, Seq } from "../protocol";
import { BusyRequests } from "./busy-requests";
import { ConnectionState } from "./connection-state";
import type { Effects } from "./effects";
import { compare } from "./order";
import { Outbox } from "./outbox";
import { OnlinePeople } from "./presence";
import type { Room } from "./room";
import { TypingIndicators } from "./typing";

/** The listing of the rooms that the user is in. `hello` has the first ones. */
export interface RoomListing {
  /** The known rooms that were not listed yet. */
  unlisted: Set<RoomId>;
  /** The rooms that were listed, known before or not. */
  listed: Set<RoomId>;
  /** The rooms whose read marker was moved since the listing began: the server may list them with the old one. */
  read: Set<RoomId>;
  /** The last room that was listed. */
  after: RoomId;
  /** The time at which the request for the next ones is sent again. */
  retryAt: number;
}

export class SessionState {
  readonly connection = new ConnectionState();
  /** The last `hello`, without its rooms. Its `now` is the server's time at 0 of the session's clock. */
  hello?: Hello;
  me?: MemberId;
  lobby?: RoomId;
  readonly rooms = new Map<RoomId, Room>();
  readonly outbox = new Outbox();
  readonly busy = new BusyRequests();
  /** The listing of the user's rooms that `hello` began, if it goes on. */
  listing?: RoomListing;
  readonly presence = new OnlinePeople();
  readonly typing = new TypingIndicators();
  /** The user's wishes that the server may not know yet. A post is in the outbox instead. */
  readonly pending = {
    name: undefined as Name | undefined,
    away: false,
    /**
     * The read markers that were moved without a connection, or that the server was too busy for until it ended. The replica
     * has them as well.
     */
    read: new Map<RoomId, Seq>(),
    /** The rooms that the user joins on this device: the server also sends their newest page. */
    joined: new Set<RoomId>(),
  };
  roomsChanged = false;

  joinedRoom(id: RoomId): Room | undefined {
    const room = this.rooms.get(id);
    return room?.isJoined ? room : undefined;
  }

  /** Returns the rooms that the user is a member of: the lobby first, then by name. */
  joinedRooms(): RoomSummary[] {
    const rooms = [...this.rooms.values()].filter((room) => room.isJoined).map((room) => room.summary());
    const rank = ({ id }: RoomSummary) => (id === this.lobby ? 0 : 1);
    return rooms.sort((a, b) => rank(a) - rank(b) || compare(a.name, b.name) || compare(a.id, b.id));
  }

  /** Moves the read marker, if the room has such an entry. Returns whether it changed. */
  moveReadMarker({ room, seq }: Read): boolean {
    const known = this.joinedRoom(room);
    if (!known || known.unread.read === seq || seq > known.summary().head.seq) return false;
    known.unread.readTo(seq);
    this.roomsChanged = true;
    this.listing?.read.add(room);
    return true;
  }

  /** Marks a room as left. */
  leave(id: RoomId, effects: Effects): void {
    const room = this.joinedRoom(id);
    if (!room) return;
    room.leave();
    effects.save({ change: "room", ...room.summary() });
    this.roomsChanged = true;
  }
}
