import { untrack } from "svelte";
import type { RoomState } from "../rooms/room-state.svelte";
import type { ServerState } from "../servers/server-state.svelte";
import { foldForSearch } from "../shared/fold-for-search";
import { searchDelay } from "../shared/search-delay";
import { typedName, typesRoom } from "./completion";
import type { CompletionState } from "./completion-state.svelte";

/** The parts of a server and of the open room that can be looked up. */
type LookedUpServer = Pick<ServerState, "connection" | "directory" | "loadDirectory">;
type LookedUpRoom = Pick<RoomState, "members" | "knowsAllMembers" | "findMembers">;

/**
 * The requests for people and rooms whose names are being typed and who aren't known, and the refresh of the suggestions when
 * they arrive. To be made while a component is set up.
 */
export class CompletionLookups {
  readonly #server: LookedUpServer;
  readonly #room: LookedUpRoom;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The beginnings of the name at the caret that were looked for, folded for search. */
  #lookedFor: readonly string[] = [];

  constructor(server: LookedUpServer, room: LookedUpRoom, suggestions: CompletionState) {
    this.#server = server;
    this.#room = room;
    $effect(() => {
      if (room.members && !room.knowsAllMembers) untrack(() => suggestions.refresh());
    });
    $effect(() => {
      if (server.directory) untrack(() => suggestions.refresh());
    });
    // Answers are lost with the connection.
    $effect(() => {
      if (server.connection.state !== "online") this.#lookedFor = [];
    });
    $effect(() => () => this.stop());
  }

  /** Looks for the name before the caret: for a room's at once, for a person's when no key has followed for a while. */
  onInput(text: string, caret: number): void {
    this.stop();
    if (typesRoom(text, caret)) this.#server.loadDirectory();
    const name = this.#room.knowsAllMembers ? "" : typedName(text, caret);
    this.#lookedFor = this.#lookedFor.filter((beginning) => foldForSearch(name).startsWith(beginning));
    if (name !== "") this.#timer = setTimeout(() => this.#findMembers(name), searchDelay);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #findMembers(name: string): void {
    // Where nobody's name goes on like a beginning of this text, the text is what is said to somebody.
    const isUnknown = (beginning: string) =>
      !this.#room.members.some((member) => foldForSearch(member.name).includes(beginning));
    if (this.#lookedFor.some(isUnknown)) return;
    this.#lookedFor = [...this.#lookedFor, foldForSearch(name)];
    this.#room.findMembers(name);
  }
}
