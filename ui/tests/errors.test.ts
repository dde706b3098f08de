/**
 * Errors of the back end:
 * - a fatal error is shown, with what the user has to fix
 * - the reason why hosting has ended is shown
 */
import { expect, it } from "vitest";
import { openApp } from "./fixtures/app";

it("shows a fatal error", async () => {
  const { app, emit } = await openApp();
  expect(app.fatal).toBeNull();
  emit({ event: "fatal", error: { code: "storage", message: "The data folder is read-only." } });
  expect(app.fatal).toBe("The data folder is read-only.");
});

it("shows why hosting has ended", async () => {
  const { app, emit } = await openApp();
  emit({ event: "hosting", hosting: null });
  expect(app.toasts.shown).toEqual([]);
  emit({ event: "hosting", hosting: null, error: { code: "other", message: "The port is taken." } });
  expect(app.toasts.shown.map(({ text }) => text)).toEqual(["The port is taken."]);
});
