/**
 * Actions on messages:
 * - a message that is not in the log yet is shown at the end; one that can't be found says so
 * - a jump to a day on which nothing was written says what is shown instead
 * - a changed edit that is canceled can be taken up again, by the notice, and by the key right after that
 * - the notice of a room that is not open any more opens it
 * - it isn't taken up over another changed edit, and nothing is offered where nothing was changed
 */
import { expect, it } from "vitest";
import { ComposerState } from "../src/chat/composer-state.svelte";
import { MessageActions } from "../src/chat/message-actions.svelte";
import { Drafts } from "../src/rooms/drafts.svelte";
import { strings } from "../src/shared/strings";
import { hello, openApp, summaryOf } from "./fixtures/app";
import { RoomLog } from "./fixtures/room";
import { DeviceStorage } from "./fixtures/storage";

/** Opens a room, with a function that sends a message, which waits. */
async function openLobby() {
  const { app, emit } = await openApp();
  emit({ event: "profile", name: "Alice", device: "d", first_run: false });
  emit({ event: "servers", servers: [{ id: "office", name: "Office", addresses: [], own: false }] });
  emit({ event: "session", server: "office", update: { update: "hello", ...hello } });
  emit({
    event: "session",
    server: "office",
    update: { update: "rooms", rooms: [summaryOf("lobby"), summaryOf("tea")] },
  });
  const { server, room } = app;
  if (!server || !room) throw new Error("the lobby is open");
  const composer = new ComposerState("office", room, new Drafts(new DeviceStorage()));
  const actions = new MessageActions(app, server, room, composer);
  const sendAndWait = (text: string) => {
    void room.send(text);
    const waiting = room.pendingMessages.at(-1);
    if (!waiting) throw new Error("the message waits");
    return waiting.item;
  };
  return { app, emit, room, composer, actions, sendAndWait };
}

it("shows a message that waits at the end, and says when one can't be found", async () => {
  const { app, emit, room, actions, sendAndWait } = await openLobby();
  const errors = () => app.toasts.shown.map(({ text }) => text);

  const waiting = sendAndWait("waits");
  await actions.jumpToMessage(waiting.id);
  expect([errors(), room.log.jump]).toEqual([[], { to: "present" }]);
  const id = "1f0e8c5e-5b0c-4a2b-9a43-0c3e53a6c1d2";
  const jump = actions.jumpToMessage(id);
  const error = { code: "unknown_entry", message: "There is no such entry." } as const;
  emit({
    event: "session",
    server: "office",
    update: { update: "refused", event: "history", room: "lobby", id, error },
  });
  await jump;
  expect(errors()).toEqual([strings.chat.notFound]);
});

it("says when nothing was written on a day", async () => {
  const { app, emit, room, actions } = await openLobby();
  const log = new RoomLog(new Date(2026, 2, 5, 12).getTime()).fill(1);
  const jumpTo = async (day: Date) => {
    const jump = actions.jumpToDay(day.getTime());
    const update = { update: "entries", room: "lobby", entries: log.entries, head: { epoch: "e", seq: 1 } } as const;
    emit({ event: "session", server: "office", update });
    await jump;
    return [app.toasts.shown.map(({ text }) => text), room.log.jump];
  };
  const there = { to: "message", seq: 1 };
  emit({
    event: "session",
    server: "office",
    update: { update: "entries", room: "lobby", entries: log.entries, head: { epoch: "e", seq: 1 } },
  });
  expect(await jumpTo(new Date(2026, 2, 5))).toEqual([[], there]);
  expect(await jumpTo(new Date(2026, 2, 3))).toEqual([
    [expect.stringMatching(/^Nothing was written on .*3.* 2026\. This is from .*5.* 2026\.$/)],
    there,
  ]);
});

it("offers to take up a changed edit that is canceled", async () => {
  const { app, composer, actions, sendAndWait } = await openLobby();
  const message = sendAndWait("noon");
  composer.text = "draft";
  composer.edit(message);
  composer.text = "at noon, by the fountain";
  expect([actions.cancel(), composer.text, composer.editing]).toEqual([true, "draft", undefined]);
  const [notice] = app.toasts.shown;
  expect(notice).toMatchObject({ text: strings.composer.editCanceled, action: { label: strings.undo } });
  notice?.action?.run();
  expect([composer.text, composer.editing]).toEqual(["at noon, by the fountain", message.id]);
  expect(app.toasts.shown).toEqual([]);

  actions.cancel();
  expect([actions.undoCancel(), composer.text]).toEqual([true, "at noon, by the fountain"]);
  expect(app.toasts.shown).toEqual([]);
  // What is typed since is what the key undoes, but the notice still helps.
  actions.cancel();
  composer.text = "draft, longer";
  expect(actions.undoCancel()).toBe(false);
  app.toasts.shown[0]?.action?.run();
  expect(composer.text).toBe("at noon, by the fountain");
  composer.send();
  expect(composer.text).toBe("draft, longer");
});

it("opens the room of a canceled edit that is taken up", async () => {
  const { app, composer, actions, sendAndWait } = await openLobby();
  const [first, second] = [sendAndWait("one"), sendAndWait("two")];
  composer.edit(first);
  composer.text = "one, changed";
  actions.cancel();
  const [notice] = app.toasts.shown;
  app.open("office", "tea");
  expect(app.room?.id).toBe("tea");
  notice?.action?.run();
  expect([app.room?.id, composer.text, app.toasts.shown]).toEqual(["lobby", "one, changed", []]);

  // What must be finished first is there, too.
  actions.cancel();
  const [another] = app.toasts.shown;
  composer.edit(second);
  composer.text = "two, changed";
  app.open("office", "tea");
  another?.action?.run();
  expect([app.room?.id, composer.text]).toEqual(["lobby", "two, changed"]);
  expect(app.toasts.shown.at(-1)?.text).toBe(strings.composer.finishEdit);
});

it("takes up no edit over another, and offers nothing where nothing was changed", async () => {
  const { app, composer, actions, sendAndWait } = await openLobby();
  const [first, second] = [sendAndWait("one"), sendAndWait("two")];
  composer.edit(first);
  expect([actions.cancel(), app.toasts.shown, actions.undoCancel()]).toEqual([true, [], false]);
  composer.edit(first);
  composer.text = "one, changed";
  actions.cancel();
  composer.edit(second);
  composer.text = "two, changed";
  app.toasts.shown[0]?.action?.run();
  expect([composer.editing, composer.text]).toEqual([second.id, "two, changed"]);
  expect(app.toasts.shown.map(({ text }) => text)).toEqual([
    strings.composer.editCanceled,
    strings.composer.finishEdit,
  ]);
  composer.send();
  app.toasts.shown[0]?.action?.run();
  expect([composer.editing, composer.text]).toEqual([first.id, "one, changed"]);
});
