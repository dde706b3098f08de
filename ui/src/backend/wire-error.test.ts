/**
 * Errors in their text form:
 * - a known code and the time after it are separated
 * - a known code and its sentence, which may contain a colon, are separated
 * - a text with an unknown code, or without one, becomes `other` and is kept whole
 */

import { expect, test } from "vitest";
import { wireErrorFromText } from "./wire-error";

test("a known code and its sentence are separated", () => {
  const text = "no_guests: This server wants a key: use the app.";
  expect(wireErrorFromText(text)).toEqual({ code: "no_guests", message: "This server wants a key: use the app." });
});

test("a known code and the time after it are separated", () => {
  const busy = { code: "busy", message: "Too much: wait.", retry_after_ms: 1201 };
  expect(wireErrorFromText("busy 1201: Too much: wait.")).toEqual(busy);
});

test("a text with an unknown code, or without one, is kept whole", () => {
  for (const text of [
    "connection: lost",
    "busy soon: Wait.",
    "busy -1: Wait.",
    "other: than that",
    "toString: no",
    "nothing",
    ": empty",
    "",
  ])
    expect(wireErrorFromText(text)).toEqual({ code: "other", message: text });
});
