/** The recipes for reverse proxies in docs/operations.md, and the proxies that run them. */

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectSecurely } from "node:tls";
import { eventually, freePort } from "../foreign/server.mjs";

/** The hosts in the recipes, and the paths of the chat there: a host for the chat alone, and one with another site. */
export const sites = {
  "with a host for the chat": { host: "chat.example.org", path: "/" },
  "below a path": { host: "www.example.org", path: "/chat/" },
};

const docs = await readFile(new URL("../../../docs/operations.md", import.meta.url), "utf8");

/** Returns the recipe for a host in a block of this language, as it is printed. */
function recipe(language, host) {
  const blocks = [...docs.matchAll(/^```(\w+)\n(.*?)^```$/gms)].filter(([, of]) => of === language);
  const printed = blocks.map(([, , text]) => text).filter((text) => text.includes(host));
  if (printed.length !== 1)
    throw new Error(`docs/operations.md has ${printed.length} recipes in ${language} for ${host}`);
  return printed[0];
}

/** Replaces a text that must be in the recipe. */
function replace(text, printed, actual) {
  if (!text.includes(printed)) throw new Error(`the recipe has no ${printed}`);
  return text.replaceAll(printed, actual);
}

/**
 * The proxies. Each has its program, the language of its recipe, and a function that writes its whole configuration: the recipe
 * with other ports and paths, and what Debian's own configuration has around it. The recipe for HAProxy below a path has only
 * what is not in the other one; the other site isn't there.
 */
export const proxies = {
  nginx: {
    program: "nginx",
    language: "nginx",
    configure: async ({ folder, port, server, certificate, host }) => {
      let text = replace(recipe("nginx", host), "listen 443 ssl", `listen ${port} ssl`);
      text = replace(text, "127.0.0.1:4242", server);
      text = replace(text, `/etc/ssl/${host}.pem`, certificate.chain);
      text = replace(text, `/etc/ssl/${host}.key`, certificate.key);
      const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
      const paths = temporary.map((name) => `${name}_temp_path ${join(folder, name)};`).join("\n");
      const around = `daemon off; pid ${join(folder, "pid")}; error_log stderr;\nevents {}\nhttp { access_log off;\n${paths}\n`;
      const file = join(folder, "nginx.conf");
      await writeFile(file, `${around}${text}}\n`);
      return ["-e", "stderr", "-c", file];
    },
  },
  HAProxy: {
    program: "haproxy",
    language: "haproxy",
    configure: async ({ folder, port, server, certificate, host }) => {
      let printed = recipe("haproxy", host);
      if (!printed.includes("backend ichat\n    mode"))
        printed += recipe("haproxy", "backend ichat\n    mode").replace(/^frontend.*?(?=^backend)/ms, "");
      let text = replace(printed, "bind :443 ssl", `bind :${port} ssl`);
      text = replace(text, "127.0.0.1:4242", server);
      text = replace(text, `/etc/haproxy/${host}.pem`, certificate.both);
      const file = join(folder, "haproxy.cfg");
      await writeFile(file, `global\n    stats socket ${join(folder, "stats")}\n${text}`);
      return ["-db", "-f", file];
    },
  },
  Caddy: {
    program: "caddy",
    language: "caddy",
    configure: async ({ folder, port, server, host }) => {
      const address = port === 443 ? host : `${host}:${port}`;
      const text = replace(replace(recipe("caddy", host), host, address), "127.0.0.1:4242", server);
      // Certificates of its own, because no authority knows the name.
      const storage = `storage file_system ${join(folder, "storage")}`;
      const options = `{\nadmin off\nlocal_certs\nskip_install_trust\nhttp_port ${await freePort()}\n${storage}\n}\n`;
      const file = join(folder, "Caddyfile");
      await writeFile(file, options + text);
      return ["run", "--adapter", "caddyfile", "--config", file];
    },
  },
};

/** Returns the path of a program, which may be one for administrators. */
function find(program) {
  const folders = [...(process.env.PATH ?? "").split(":"), "/usr/sbin", "/usr/local/sbin"];
  return folders.map((folder) => join(folder, program)).find((file) => existsSync(file));
}

/** Returns the reason to skip the tests of a proxy, or `false`. */
export function unavailable({ program }) {
  if (!find(program)) return `${program} is not installed`;
  return find("openssl") ? false : "openssl is not installed";
}

/** A proxy that runs its recipe in front of a server. */
export class Proxy {
  #folder;
  #process;
  #log = "";

  static async start(kind, port, server, { host, path }) {
    const proxy = new Proxy();
    proxy.port = port;
    proxy.host = host;
    proxy.path = path;
    proxy.#folder = await mkdtemp(join(tmpdir(), "ichat-proxy-"));
    const certificate = await makeCertificate(proxy.#folder, host);
    const flags = await kind.configure({ folder: proxy.#folder, port, server, certificate, host });
    const env = { ...process.env, HOME: proxy.#folder };
    const started = spawn(find(kind.program), flags, { stdio: ["ignore", "pipe", "pipe"], env });
    for (const stream of [started.stdout, started.stderr]) stream.on("data", (text) => (proxy.#log += text));
    proxy.#process = started;
    const listens = eventually(`${kind.program} listens`, async () => {
      if (started.exitCode !== null) throw new Error(`it ended with ${started.exitCode}:\n${proxy.#log}`);
      return accepts(port, host);
    });
    await listens.catch(async (error) => {
      await proxy.stop();
      throw error;
    });
    return proxy;
  }

  /** The origin of the page. */
  get origin() {
    return this.port === 443 ? `https://${this.host}` : `https://${this.host}:${this.port}`;
  }

  /** Returns HAProxy's opinion of the server, such as `L7OK`. */
  async checkStatus() {
    const socket = connect(join(this.#folder, "stats"));
    socket.end("show stat\n");
    let table = "";
    for await (const text of socket) table += text;
    const [head, ...rows] = table.split("\n").map((line) => line.replace(/^# /, "").split(","));
    const row = rows.find(([proxy, name]) => proxy === "ichat" && name === "ichat");
    return row[head.indexOf("check_status")].replace("* ", "");
  }

  async stop() {
    if (this.#process.exitCode === null) {
      const ended = once(this.#process, "exit");
      this.#process.kill();
      await ended;
    }
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** Returns whether a proxy encrypts. Caddy listens before it has its certificate. */
function accepts(port, host) {
  return new Promise((resolve) => {
    const socket = connectSecurely({ port, host: "127.0.0.1", servername: host, rejectUnauthorized: false });
    socket.on("error", () => resolve(false));
    socket.on("secureConnect", () => {
      socket.destroy();
      resolve(true);
    });
  });
}

async function makeCertificate(folder, host) {
  const [chain, key, both] = ["chain.pem", "key.pem", "both.pem"].map((name) => join(folder, name));
  const subject = ["-subj", `/CN=${host}`, "-addext", `subjectAltName=DNS:${host}`];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  execFileSync("openssl", ["req", "-x509", ...kind, ...subject, "-keyout", key, "-out", chain], { stdio: "ignore" });
  await writeFile(both, (await readFile(chain, "utf8")) + (await readFile(key, "utf8")));
  return { chain, key, both };
}
