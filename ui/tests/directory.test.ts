/**
 * The rooms of a server that are known:
 * - the first 1,000 are listed, in parts; a room that no part has had so far is not said to be missing
 * - two listings at once are one; parts that belong to none don't continue it
 * - a listing that the connection ends, or that is refused, says nothing of the rooms that it didn't list
 * - what was looked for is known until it is looked for again, and until the connection ends
 * - that there is no such room is said only when the server has answered
 */
import { describe, expect, it } from "vitest";
import type { RoomList } from "../src/backend/protocol";
import type { Command } from "../src/backend/session-types";
import { Directory } from "../src/servers/directory.svelte";
import { isLookingFor, missingRoomText } from "../src/servers/missing-room-text";
import { summaryOf } from "./fixtures/app";

const partSize = 100;

/** A directory of a server with many rooms, which answers when the test says so. */
function openDirectory(count: number) {
  const asked: Command[] = [];
  const directory = new Directory((command) => Promise.resolve(void asked.push(command)));
  const rooms = Array.from({ length: count }, (_, i) => summaryOf(`room ${i}`));
  const answers = (): RoomList[] =>
    asked.splice(0).flatMap((command): RoomList[] => {
      if (command.command !== "browse") return [];
      const { query, after } = command;
      if (query !== undefined) return [{ rooms: rooms.filter(({ id }) => id === query), query }];
      const begin = rooms.findIndex(({ id }) => id === after) + 1;
      const more = begin + partSize < count;
      return [{ rooms: rooms.slice(begin, begin + partSize), ...(after && { after }), ...(more && { more }) }];
    });
  const answer = () => answers().forEach((list) => directory.add(list));
  return { directory, asked, answers, answer };
}

describe("Directory", () => {
  it("lists all rooms in parts, and says that one is missing only at the end", () => {
    const { directory, asked, answer } = openDirectory(250);
    directory.request("");
    for (const [parts, listed] of [100, 200].entries()) {
      answer();
      expect([parts, directory.rooms?.length, directory.isPartial, directory.hasLookedFor("room 249")]).toEqual([
        parts,
        listed,
        true,
        false,
      ]);
    }
    answer();
    expect([directory.rooms?.length, directory.isPartial, directory.hasLookedFor("nowhere")]).toEqual([
      250,
      false,
      true,
    ]);
    expect(asked).toEqual([]);
  });

  it("lists the rooms although one was looked for before", () => {
    const { directory, asked, answer } = openDirectory(50);
    directory.request("room 7");
    answer();
    directory.load();
    answer();
    expect(directory.rooms?.length).toBe(50);
    directory.load();
    expect(asked).toEqual([]);
  });

  it("ends at 1,000 rooms, and finds the others", () => {
    const { directory, asked, answer } = openDirectory(1_250);
    directory.request("");
    for (let parts = 0; parts < 10; parts++) answer();
    expect([directory.rooms?.length, directory.isPartial, asked]).toEqual([1_000, true, []]);
    expect(directory.hasLookedFor("room 1200")).toBe(false);
    directory.request("room 1200");
    answer();
    expect([directory.rooms?.length, directory.hasLookedFor("room 1200")]).toEqual([1_001, true]);
    expect(directory.isPartial).toBe(true);
  });

  it("lists the rooms once for those who ask at the same time", () => {
    const { directory, asked, answers, answer } = openDirectory(1_250);
    directory.request("");
    directory.request("");
    expect(asked.length).toBe(1);
    const [first] = answers();
    if (!first) throw new Error("the directory has asked");
    directory.add(first);
    directory.add(first);
    expect(asked, "a part that came twice").toHaveLength(1);
    for (let parts = 1; parts < 10; parts++) answer();
    expect(directory.rooms?.length).toBe(1_000);
  });

  it("doesn't take a listing that the connection has ended for a whole one", () => {
    const { directory, asked, answer } = openDirectory(250);
    directory.request("");
    answer();
    directory.onDisconnected();
    asked.splice(0);
    expect([directory.isPartial, directory.hasLookedFor("room 249")]).toEqual([true, false]);
    directory.request("");
    for (let parts = 0; parts < 3; parts++) answer();
    expect(directory.hasLookedFor("nowhere")).toBe(true);
    directory.request("");
    expect(directory.hasLookedFor("nowhere"), "rooms may have been created").toBe(false);
  });

  it("lists the rooms again after a refusal", () => {
    const { directory, asked, answer } = openDirectory(250);
    directory.request("");
    answer();
    asked.splice(0);
    directory.refuse("The server is too busy.");
    expect([directory.error, directory.isPartial, directory.hasLookedFor("room 249")]).toEqual([
      "The server is too busy.",
      true,
      false,
    ]);
    directory.request("");
    for (let parts = 0; parts < 3; parts++) answer();
    expect([directory.error, directory.rooms?.length]).toEqual([null, 250]);
  });

  it("looks again for what it has looked for before, and forgets it with the connection", () => {
    const { directory, answer } = openDirectory(1_250);
    directory.request("");
    for (let parts = 0; parts < 10; parts++) answer();
    const finds = (query: string) => {
      directory.request(query);
      expect(directory.hasLookedFor(query)).toBe(false);
      answer();
      return directory.hasLookedFor(query);
    };
    expect([finds("lunch"), finds("lunch"), finds("\ud83d")]).toEqual([true, true, true]);
    directory.onDisconnected();
    expect(directory.hasLookedFor("lunch")).toBe(false);
  });
});

it("says that there is no such room only when the server has answered", () => {
  const server = (state: "online" | "connecting", hasLooked: boolean, directoryError: string | null = null) => ({
    connection: { state },
    directoryError,
    hasLookedFor: () => hasLooked,
  });
  const text = (...parts: Parameters<typeof server>) => missingRoomText(server(...parts), "lunch", "There is none.");
  expect(text("online", true)).toBe("There is none.");
  expect(text("online", false)).toMatch(/^Looking for/);
  expect(text("connecting", false)).toMatch(/as soon as it is back/);
  expect(text("online", false, "Too busy.")).toBe("Too busy.");
  expect([isLookingFor(server("online", false), "lunch"), isLookingFor(server("online", true), "lunch")]).toEqual([
    true,
    false,
  ]);
});
