/**
 * What goes wrong behind the interface is said:
 * - that nothing works until something is put right, and what
 * - why hosting has ended by itself
 */
import { expect, it } from "vitest";
import { openApp } from "./fixtures/app";

it("says what must be put right first", async () => {
  const { app, tell } = await openApp();
  expect(app.fatal).toBeNull();
  tell({ event: "fatal", error: { code: "storage", message: "The data folder is read-only." } });
  expect(app.fatal).toBe("The data folder is read-only.");
});

it("says why hosting has ended", async () => {
  const { app, tell } = await openApp();
  tell({ event: "hosting", hosting: null });
  expect(app.toasts).toEqual([]);
  tell({ event: "hosting", hosting: null, error: { code: "other", message: "The port is taken." } });
  expect(app.toasts.map(({ text }) => text)).toEqual(["The port is taken."]);
});
