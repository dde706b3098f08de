/**
 * The recipes of docs/operations.md for nginx, HAProxy and Caddy, run as they are printed: on another port than 443, and on 443
 * where that is free.
 * - the page comes by HTTP/2, from a host for the chat and from below a path of another site's; nothing else does
 * - a browser's page connects: by polling, by a WebSocket, and by polling with the upgrade
 * - a page of another origin doesn't
 * - in Chromium a person joins and posts, at both places; the path needs no slash at its end
 * - the limit per address is one of the proxy's clients, and not of the proxy
 * - HAProxy's check finds the server healthy, also one that takes no new messages, and notices when it is gone
 */

import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:http2";
import { Agent } from "node:https";
import { createServer } from "node:net";
import { networkInterfaces } from "node:os";
import { describe, test } from "node:test";
import { chromium } from "playwright-core";
import { Member } from "../foreign/member.mjs";
import { eventually, freePort, Server, serverUnavailable } from "../foreign/server.mjs";
import { browserUnavailable, ChatPage, chromiumPath } from "../e2e/chat-page.mjs";
import { skipReason } from "../e2e/skip.mjs";
import { proxies, Proxy, sites, unavailable } from "./recipes.mjs";

/** Connections of one client. */
const maxPerAddress = 3;
/** Flags of the sections that the recipes are in. */
const flagsOf = ({ host, path }) => ["--allowed-host", host, "--trusted-proxy", "127.0.0.1", "--base-path", path];
const [alone] = Object.values(sites);

/** Returns an address of this machine by which it is no loopback client, if there is one. */
function ownAddress() {
  const all = Object.values(networkInterfaces()).flat();
  return all.find(({ family, internal }) => family === "IPv4" && !internal)?.address;
}

/** Returns why nothing can listen on port 443, or `false`. */
async function port443Unavailable() {
  const probe = createServer().listen(443);
  const failed = await Promise.race([once(probe, "listening").then(() => false), once(probe, "error")]);
  if (failed) return `port 443 can't be used here: ${failed[0].code}`;
  probe.close();
  await once(probe, "close");
  return false;
}

/** Starts a server behind a proxy. */
async function start(t, kind, port, site = alone, ...flags) {
  const server = await Server.launch(...flagsOf(site), "--max-connections-per-address", `${maxPerAddress}`, ...flags);
  t.after(() => server.remove());
  const proxy = await Proxy.start(kind, port, `127.0.0.1:${server.port}`, site);
  t.after(() => proxy.stop());
  return { server, proxy };
}

/** Connects as the page of an origin does, from one of this machine's addresses. */
async function join(t, proxy, { origin = proxy.origin, transports = ["websocket"], upgrade = false, address } = {}) {
  const lookup = (_name, { all }, done) => {
    const found = { address: address ?? "127.0.0.1", family: 4 };
    if (all) done(null, [found]);
    else done(null, found.address, found.family);
  };
  const agent = new Agent({ lookup, localAddress: address, rejectUnauthorized: false, servername: proxy.host });
  const auth = { protocol: 1, name: "Ada" };
  const extraHeaders = { origin };
  const path = `${proxy.path}socket.io`;
  const options = { path, transports, upgrade, agent, auth, extraHeaders, rejectUnauthorized: false };
  const member = await Member.connect(proxy.origin, options);
  t.after(() => member.disconnect());
  return member;
}

/** Loads a path by HTTP/2, and returns its status and text. */
async function load(proxy, path) {
  const session = connect(`https://127.0.0.1:${proxy.port}`, { rejectUnauthorized: false, servername: proxy.host });
  const request = session.request({ ":path": path, ":authority": new URL(proxy.origin).host });
  const [headers] = await once(request, "response");
  let text = "";
  for await (const part of request.setEncoding("utf8")) text += part;
  const protocol = session.alpnProtocol;
  session.close();
  return { status: headers[":status"], text, protocol };
}

const noPort443 = await port443Unavailable();
const address = ownAddress();
const noAddress = address ? false : "this machine has no address but the loopback's";

for (const [name, kind] of Object.entries(proxies)) {
  const skip = skipReason(serverUnavailable, unavailable(kind));

  const connects = async (t, port, site) => {
    const { proxy } = await start(t, kind, port, site);
    const page = await load(proxy, proxy.path);
    assert.deepEqual([page.status, page.protocol], [200, "h2"], page.text);
    assert.match(page.text, /<title>/);
    for (const ways of [
      { transports: ["polling"] },
      { transports: ["websocket"] },
      { transports: ["polling", "websocket"], upgrade: true },
    ]) {
      const member = await join(t, proxy, ways);
      await member.subscribes(member.lobby);
      await member.says(`by ${ways.transports.join(" and ")}`);
      if (ways.upgrade) await eventually("it upgrades", () => member.transport === "websocket");
      await member.says("still here");
      member.disconnect();
    }
    await assert.rejects(join(t, proxy, { origin: "https://evil.example" }));
  };

  describe(`behind ${name}`, { skip }, () => {
    for (const [where, site] of Object.entries(sites))
      test(`a page connects on another port than 443, ${where}`, async (t) => connects(t, await freePort(), site));

    test("a page connects on port 443", { skip: skipReason(skip, noPort443) }, async (t) => connects(t, 443));

    const noBrowser = skipReason(skip, browserUnavailable);
    test("the host's other paths are not the chat's", async (t) => {
      const { proxy } = await start(t, kind, await freePort(), sites["below a path"]);
      for (const path of ["/", "/chatter/", "/api/hello"]) assert.notEqual((await load(proxy, path)).status, 200, path);
    });

    const joins = async (t, site) => {
      const { server, proxy } = await start(t, kind, await freePort(), site);
      const browser = await chromium.launch({
        executablePath: chromiumPath,
        args: ["--no-sandbox", "--disable-gpu", `--host-resolver-rules=MAP ${proxy.host} 127.0.0.1`],
      });
      t.after(() => browser.close());
      const chat = await ChatPage.open(browser, proxy.origin + proxy.path.replace(/\/$/, ""), {
        name: "Ben",
        ignoreHTTPSErrors: true,
      });
      await chat.says("hello through the proxy");
      const member = await Member.connect(server.url, { path: `${proxy.path}socket.io` });
      t.after(() => member.disconnect());
      await member.subscribes(member.lobby);
      await member.sees("hello through the proxy");
    };
    for (const [where, site] of Object.entries(sites))
      test(`a person joins in a browser, and posts, ${where}`, { skip: noBrowser }, async (t) => joins(t, site));

    test("the limit is one of each client", { skip: skipReason(skip, noAddress) }, async (t) => {
      const { proxy } = await start(t, kind, await freePort());
      for (let number = 0; number < maxPerAddress; number++) await join(t, proxy);
      await assert.rejects(join(t, proxy), "one client has more than its connections");
      await assert.rejects(join(t, proxy, { transports: ["polling"] }));
      await join(t, proxy, { address });
      await join(t, proxy, { address, transports: ["polling"] });
    });
  });
}

const skip = skipReason(serverUnavailable, unavailable(proxies.HAProxy));
test("HAProxy's check finds the server healthy, and notices when it is gone", { skip }, async (t) => {
  const { server, proxy } = await start(t, proxies.HAProxy, await freePort());
  const says = (status) => async () => (await proxy.checkStatus()).startsWith(status);
  await eventually("the server is healthy", says("L7OK"));
  await server.stop();
  await eventually("the server is gone", says("L4CON"));
  await server.start();
  await eventually("the server is healthy again", says("L7OK"));
});

test("below the reserve of the disk, guests come in through HAProxy to read", { skip }, async (t) => {
  const { proxy } = await start(t, proxies.HAProxy, await freePort(), alone, "--disk-reserve", "1000000");
  await eventually("the server is healthy", async () => (await proxy.checkStatus()).startsWith("L7OK"));
  const member = await join(t, proxy, { transports: ["polling"] });
  await member.subscribes(member.lobby);
});
