/**
 * The sentences of the banner about a connection:
 * - that the server is going down, until it is gone; then that it was shut down
 * - that a server that was lost without a word can't be reached, after a few attempts
 */
import { expect, it } from "vitest";
import { connectionText } from "../src/servers/connection-text";

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
