import type { Hosting } from "../backend";
import type { Seq } from "../backend/protocol";
import type { RoomState } from "../rooms/room-state.svelte";
import { urlOf } from "../servers/address";
import { pagePath } from "../shared/page-path";
import type { ServerState } from "../servers/server-state.svelte";
import { addressOf, type Place, placeOf } from "./place";

/** The parts of the app that links depend on. */
interface LinkContext {
  servers(): readonly ServerState[];
  hosting(): Hosting | null;
  /** `false` if the only server is the one that the page came from. */
  readonly hasSeveralServers: boolean;
}

/** The links to messages, which open in any browser, and the way back from them to places of this interface. */
export class Links {
  readonly #context: LinkContext;

  constructor(context: LinkContext) {
    this.#context = context;
  }

  /** Returns a link to a message. Undefined if no address of the server is known. */
  toMessage(server: ServerState, room: RoomState, seq: Seq): string | undefined {
    const [address] = this.#addressesOf(server);
    return address && new URL(addressOf({ server: null, room: room.id, seq }), urlOf(address)).href;
  }

  /** Returns the place on a known server that a link leads to, or null. Links to rooms in a text lead to this page itself. */
  placeOf(href: string): Place | null {
    const url = parseUrl(href);
    const place = url && placeOf(url.hash);
    if (!place) return null;
    if (isThisPage(url)) return this.#isKnown(place) ? place : null;
    if (!this.#context.hasSeveralServers) return null;
    const leadsTo = (address: string) => pageOf(parseUrl(urlOf(address))) === pageOf(url);
    const server = this.#context.servers().find((candidate) => this.#addressesOf(candidate).some(leadsTo));
    return server ? { ...place, server: server.id } : null;
  }

  #isKnown({ server }: Place): boolean {
    return this.#context.hasSeveralServers ? this.#context.servers().some(({ id }) => id === server) : server === null;
  }

  /** Returns the addresses of a server, those that others use first. */
  #addressesOf(server: ServerState): readonly string[] {
    const hosting = this.#context.hosting();
    const hosted = hosting?.server === server.id ? hosting.addresses : [];
    return [...hosted, ...server.known.addresses];
  }
}

/** Returns whether an address is that of this page. In the app it has a scheme without origins. */
const isThisPage = ({ protocol, host, pathname }: URL) =>
  protocol === location.protocol && host === location.host && [pagePath(), location.pathname].includes(pathname);

/** Returns where a page is, with a slash at its end. */
const pageOf = (url: URL | null) => url && url.origin + url.pathname.replace(/\/?$/, "/");

/** Parses an address. Returns null if it is none. Safari 16 has no `URL.canParse`. */
function parseUrl(address: string): URL | null {
  try {
    return new URL(address);
  } catch {
    return null;
  }
}
