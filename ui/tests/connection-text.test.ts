/**
 * The sentences of the banner about a connection:
 * - that the server is going down, until it is gone; then that it was shut down
 * - that a server that was lost without a word can't be reached, after a few attempts
 *
 * An attempt is offered while the connection is lost, but not to this device's own server while it isn't hosted.
 */
import { expect, it } from "vitest";
import type { ConnectionStatus } from "../src/backend/session-types";
import { canTryNow, connectionText } from "../src/servers/connection-text";

function textAfter(attempts: number, message?: string): string {
  const known = { id: "s", name: "Office", addresses: [], own: false };
  const connection = { state: "reconnecting" as const, attempts, waiting: 0, message };
  return connectionText({ connection, postingError: null, id: "s", name: "Office", known }, undefined);
}

it("says that the server is going down only until it is gone", () => {
  const closing = "The server is shutting down.";
  expect(textAfter(0, closing)).toBe("The server is shutting down. Trying again by itself…");
  expect(textAfter(1, closing)).toBe("“Office” was shut down and can’t be reached now. Trying again by itself…");
});

it("says that a server can't be reached after a few attempts", () => {
  expect(textAfter(1)).toBe("Not connected. Trying again by itself…");
  expect(textAfter(9)).toBe("The server can’t be reached. Trying again by itself…");
});

it("offers an attempt while the connection is lost, unless nobody but the user can bring the server back", () => {
  const offersTo = (own: boolean, connection: ConnectionStatus, hosted?: string) =>
    canTryNow({ id: "s", connection, known: { id: "s", name: "Office", addresses: [], own } }, hosted);
  const lost = { state: "reconnecting", attempts: 1, waiting: 0 } as const;
  const refused = { state: "refused", error: { code: "protocol", message: "Update it." } } as const;
  expect([offersTo(false, lost), offersTo(false, refused)]).toEqual([true, true]);
  expect([offersTo(false, { state: "online" }), offersTo(false, { state: "connecting" })]).toEqual([false, false]);
  expect([offersTo(true, lost), offersTo(true, lost, "other"), offersTo(true, lost, "s")]).toEqual([
    false,
    false,
    true,
  ]);
});
