/**
 * Actions on messages:
 * - a message that is not in the log yet is shown at the end; one that can't be found says so
 */
import { expect, it } from "vitest";
import { ComposerState } from "../src/chat/composer-state.svelte";
import { MessageActions } from "../src/chat/message-actions.svelte";
import { Drafts } from "../src/rooms/drafts.svelte";
import { strings } from "../src/shared/strings";
import { hello, openApp, summaryOf } from "./fixtures/app";
import { DeviceStorage } from "./fixtures/storage";

it("shows a message that waits at the end, and says when one can't be found", async () => {
  const { app, emit } = await openApp();
  emit({ event: "profile", name: "Alice", device: "d", first_run: false });
  emit({ event: "servers", servers: [{ id: "office", name: "Office", addresses: [], own: false }] });
  emit({ event: "session", server: "office", update: { update: "hello", ...hello } });
  emit({ event: "session", server: "office", update: { update: "rooms", rooms: [summaryOf("lobby")] } });
  const { server, room } = app;
  if (!server || !room) throw new Error("the lobby is open");
  const composer = new ComposerState("office", room, new Drafts(new DeviceStorage()));
  const actions = new MessageActions(app, server, room, composer);
  const errors = () => app.toasts.shown.map(({ text }) => text);

  void room.send("waits");
  const [waiting] = room.pendingMessages;
  if (!waiting) throw new Error("the message waits");
  await actions.jumpToMessage(waiting.item.id);
  expect([errors(), room.log.jump]).toEqual([[], { to: "present" }]);
  const jump = actions.jumpToMessage("1f0e8c5e-5b0c-4a2b-9a43-0c3e53a6c1d2");
  const error = { code: "unknown_entry", message: "There is no such entry." } as const;
  emit({ event: "session", server: "office", update: { update: "refused", event: "history", room: "lobby", error } });
  await jump;
  expect(errors()).toEqual([strings.chat.notFound]);
});
