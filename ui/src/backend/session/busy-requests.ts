/**
 * Requests that the server was too busy for. They are sent again after the time that it named, and nobody has to know.
 *
 * A refusal doesn't contain the request, so the last ones are kept. Posts are in the outbox, and the log repeats its `sync`s.
 */

import type { ClientEvent, EntryId, MemberList, Refused, RoomId, RoomList } from "../protocol";
import type { Effects } from "./effects";
import { retryAfter } from "./retry-after";

/** The last requests that are kept. More are rarely under way. */
const maxRecent = 64;
/** The requests that wait. Further ones are reported as refused. */
const maxWaiting = 64;

export class BusyRequests {
  /** The last requests on this connection, oldest first. */
  #recent: ClientEvent[] = [];
  /** The refused ones, oldest first. No newer request replaces one of them. */
  #waiting: ClientEvent[] = [];
  #pausedUntil?: number;

  /** Records a request that is being sent. */
  sent(event: ClientEvent): void {
    this.dropReplaced(event);
    if (!isRepeated(event)) return;
    if (this.#recent.length === maxRecent) this.#recent.shift();
    this.#recent.push(event);
  }

  /** Forgets the waiting requests that an event makes pointless. */
  dropReplaced(event: ClientEvent): void {
    this.#waiting = this.#waiting.filter((earlier) => !replaces(event, earlier));
  }

  /** Forgets the request that a list of rooms answers. */
  foundRooms({ query, after }: RoomList): void {
    this.#forget(({ event, data }) => event === "rooms" && data.query === query && data.after === after);
  }

  /**
   * Forgets the request that a list of members answers. Of those that name the members it is the oldest: the server answers them
   * in order.
   */
  foundMembers({ room, query, after, more }: MemberList): void {
    this.#forget(({ event, data }) => {
      if (event !== "members" || data.room !== room) return false;
      const namesMembers = data.ids !== undefined && data.ids.length > 0;
      if (namesMembers !== (more === undefined)) return false;
      return namesMembers || (data.query === query && data.after === after);
    });
  }

  /**
   * Handles a refusal. Returns whether the request, or a newer one that replaces it, is sent again or was sent already.
   *
   * Where several requests may be meant, it is the newest: those before it may have been answered. If answers name their
   * requests, all that have none are sent again, unless they are answered before that.
   */
  refuse(now: number, refused: Refused): boolean {
    const isMeant = (event: ClientEvent) => isOf(event, refused);
    const wait = retryAfter(refused.error);
    if (wait === undefined) {
      const index = this.#recent.findLastIndex(isMeant);
      if (index >= 0) this.#recent.splice(index, 1);
      return false;
    }
    const hasNamedAnswers = refused.event === "rooms" || refused.event === "members";
    const found = hasNamedAnswers ? this.#putOffAll(isMeant) : this.#putOff(this.#recent.findLastIndex(isMeant));
    if (found) this.#pausedUntil = Math.max(this.#pausedUntil ?? 0, now + wait);
    return found;
  }

  /** Puts off all requests that a refusal can mean. Returns `false` if there are none, or if there is no space for one. */
  #putOffAll(isMeant: (event: ClientEvent) => boolean): boolean {
    let found = this.#waiting.some(isMeant);
    for (let index = this.#recent.findIndex(isMeant); index >= 0; index = this.#recent.findIndex(isMeant)) {
      if (!this.#putOff(index)) return false;
      found = true;
    }
    return found;
  }

  /** Puts off a recent request, unless a newer one replaces it. Returns `false` if there is none, or no space for it. */
  #putOff(index: number): boolean {
    if (index < 0 || this.#waiting.length === maxWaiting) return false;
    const [event] = this.#recent.splice(index, 1);
    if (!event) return false;
    const newer = [...this.#recent.slice(index), ...this.#waiting];
    if (!newer.some((other) => replaces(other, event))) this.#waiting.push(event);
    return true;
  }

  /** Sends the requests again once the time is over. */
  send(now: number, effects: Effects): void {
    if (this.#pausedUntil !== undefined && this.#pausedUntil > now) return;
    this.#pausedUntil = undefined;
    for (const event of this.#waiting.splice(0)) {
      this.sent(event);
      effects.emit(event);
    }
  }

  /** Forgets the oldest request of this kind. */
  #forget(isAnswered: (event: ClientEvent) => boolean): void {
    for (const requests of [this.#waiting, this.#recent]) {
      const index = requests.findIndex(isAnswered);
      if (index < 0) continue;
      requests.splice(index, 1);
      return;
    }
  }

  /** Returns the next time at which `send` has something to do. */
  nextSend(): number | undefined {
    return this.#pausedUntil;
  }

  /** Returns whether a request for a part of the list of all rooms has no answer yet. */
  get awaitsRooms(): boolean {
    return [...this.#recent, ...this.#waiting].some(({ event }) => event === "rooms");
  }

  /**
   * Forgets the requests of a connection that has ended, as it has lost those that had no answer yet. Returns those that wait,
   * oldest first.
   */
  disconnected(): ClientEvent[] {
    this.#recent = [];
    this.#pausedUntil = undefined;
    return this.#waiting.splice(0);
  }
}

/** Returns whether a refused request is sent again from here. The listing of the user's rooms repeats its own. */
function isRepeated({ event, data }: ClientEvent): boolean {
  switch (event) {
    case "rooms":
      return !data.joined;
    case "create":
    case "join":
    case "leave":
    case "members":
    case "history":
    case "away":
    case "read":
    case "set_name":
      return true;
    case "post":
    case "sync":
    case "typing":
      return false;
  }
}

/** Returns whether a refusal can be that of a request. */
function isOf(event: ClientEvent, refused: Refused): boolean {
  const [room, id] = subject(event);
  return event.event === refused.event && room === refused.room && id === refused.id;
}

/** Returns the room and the entry that a refusal of a request names. */
function subject({ event, data }: ClientEvent): [room?: RoomId, id?: EntryId] {
  switch (event) {
    case "post":
      return [data.room, data.id];
    case "history":
      return [data.room, data.around];
    case "create":
    case "join":
    case "leave":
    case "members":
    case "typing":
    case "read":
      return [data.room];
    case "rooms":
    case "sync":
    case "away":
    case "set_name":
      return [];
  }
}

/** Returns whether a request makes an earlier one pointless. */
function replaces(event: ClientEvent, earlier: ClientEvent): boolean {
  switch (event.event) {
    case "read":
    case "away":
    case "set_name":
      return event.event === earlier.event && subject(event)[0] === subject(earlier)[0];
    case "rooms":
    case "members":
      return JSON.stringify(event) === JSON.stringify(earlier);
    case "join":
    case "leave":
      return (earlier.event === "join" || earlier.event === "leave") && event.data.room === earlier.data.room;
    case "post":
    case "create":
    case "history":
    case "sync":
    case "typing":
      return false;
  }
}
