/**
 * The links on the join card of a guest:
 * - the address in use comes first, then what the server announces now, each once and as a link
 * - addresses that work on one computer or one cable only are left out
 * - the path of a server below one is part of its links and of what is shown
 */
import { expect, test } from "vitest";
import { displayAddress, guestLinks, urlOf } from "../src/servers/address";

test("the address in use comes first, each once and as a link", () => {
  const announced = ["10.0.0.7:4243", "192.168.1.7:4243", "[2001:db8::7]:4243"];
  expect(guestLinks("192.168.1.7:4243", announced)).toEqual([
    "http://192.168.1.7:4243",
    "http://10.0.0.7:4243",
    "http://[2001:db8::7]:4243",
  ]);
  expect(guestLinks("https://chat.example.org", [])).toEqual(["https://chat.example.org"]);
  expect(guestLinks(undefined, [])).toEqual([]);
});

test("the path of a server is part of its links and of what is shown", () => {
  expect(guestLinks("https://example.com/chat/", ["10.0.0.7:4242/chat/", "10.0.0.7:4242/other/"])).toEqual([
    "https://example.com/chat/",
    "http://10.0.0.7:4242/chat/",
    "http://10.0.0.7:4242/other/",
  ]);
  expect(displayAddress("http://10.0.0.7:4242/chat/")).toBe("10.0.0.7:4242/chat");
  expect(urlOf("10.0.0.7:4242/chat/")).toBe("http://10.0.0.7:4242/chat/");
});

test("addresses that nobody else can open are left out", () => {
  const local = ["[fe80::7456:1ff:fe00:1]:4242", "[FEBF::1]:4242", "127.0.0.1:4242", "[::1]:4242"];
  expect(guestLinks("192.168.1.7:4242", local)).toEqual(["http://192.168.1.7:4242"]);
});
