// Generated from src-tauri by its test `types`. Do not edit.

import type { DeviceId, Name, RoomId, ServerId, WireError } from "./protocol";
import type { Update } from "./session-types";

/**
 * An event for the user interface.
 */
export type BackendEvent = { "event": "profile", name: Name, 
/**
 * The id of this installation.
 */
device: DeviceId, 
/**
 * `true` if the name is only a suggestion, made up at this start: ask the user.
 */
first_run: boolean, } | { "event": "servers", servers: Array<KnownServer>, } | { "event": "session", server: ServerId, update: Update, } | { "event": "nearby", servers: Array<NearbyServer>, 
/**
 * The duration of the search so far.
 */
searching_ms: number, 
/**
 * The addresses that were searched: `wlan0 (192.168.1.7)`.
 */
checked: Array<string>, 
/**
 * The reason why the search does not run, if it doesn't.
 */
error?: string, } | { "event": "hosting", hosting: Hosting | null, 
/**
 * The reason why hosting ended by itself, or did not resume after a restart.
 */
error?: WireError, } | { "event": "ask_quit", 
/**
 * `true` if an icon in the tray brings a hidden window back.
 */
tray: boolean, } | { "event": "ask_stop" } | { "event": "recovered" } | { "event": "show", server: ServerId, room: RoomId, } | { "event": "fatal", error: WireError, };

/**
 * A server that this device has a session with.
 */
export type KnownServer = { id: ServerId, name: Name, 
/**
 * Its addresses, best first.
 */
addresses: Array<string>, 
/**
 * `true` if this device hosts it.
 */
own: boolean, };

/**
 * A server on the local network.
 */
export type NearbyServer = { 
/**
 * The id that the announcement claims.
 */
id: ServerId, 
/**
 * The name that the announcement claims.
 */
name: Name, 
/**
 * The number of people online.
 */
people: number, 
/**
 * Its addresses, best first.
 */
addresses: Array<string>, 
/**
 * `true` if this version supports its protocol.
 */
compatible: boolean, 
/**
 * `true` if this device hosts it.
 */
own: boolean, };

/**
 * The server that this device hosts.
 */
export type Hosting = { server: ServerId, name: Name, 
/**
 * The addresses that others type or scan, best first: `http://192.168.1.7:4242`.
 */
addresses: Array<string>, 
/**
 * The reason why the server is not announced on the network, if it isn't.
 */
unannounced?: string, };

/**
 * A notification about new messages of one room.
 */
export type MessageNotification = { server: ServerId, room: RoomId, 
/**
 * The author or the room.
 */
title: string, text: string, };

