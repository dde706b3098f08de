/**
 * Refusals in their text form.
 *
 * - a known code and its sentence, which may hold a colon itself
 * - an unknown code, and a text that is none, are `other` and kept whole
 */

import { expect, test } from "vitest";
import { wireErrorFromText } from "./wire-error";

test("a known code and its sentence", () => {
  const text = "no_guests: This server wants a key: use the app.";
  expect(wireErrorFromText(text)).toEqual({ code: "no_guests", message: "This server wants a key: use the app." });
});

test("an unknown code, and a text that is none, are kept whole", () => {
  for (const text of ["connection: lost", "other: than that", "toString: no", "nothing", ": empty", ""])
    expect(wireErrorFromText(text)).toEqual({ code: "other", message: text });
});
