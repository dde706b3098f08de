// What the kernel tells of processes: proc(5).

import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";

/** When a process was started, in milliseconds since the Unix epoch, to the kernel's tick of 10 ms. */
export async function startOf(pid) {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  const ticks = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]);
  const uptime = Number((await readFile("/proc/uptime", "utf8")).split(" ")[0]);
  return Date.now() - uptime * 1_000 + ticks * 10;
}

/** A process, first, and all that came of it: `{ pid, name }`. */
export async function withDescendants(pid) {
  const { stdout } = await promisify(execFile)("ps", ["-e", "-o", "pid=,ppid=,comm="]);
  const all = stdout
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .map(([pid, parent, name]) => ({ pid: Number(pid), parent: Number(parent), name }));
  const family = all.filter((one) => one.pid === pid);
  for (const { pid: parent } of family) family.push(...all.filter((one) => one.parent === parent));
  return family;
}

/** Their proportional set sizes in MiB: of all, of the first, and of WebKit's. */
export async function memoryOf(family) {
  const sizes = await Promise.all(
    family.map(async ({ pid }) => {
      const rollup = await readFile(`/proc/${pid}/smaps_rollup`, "utf8");
      return Number(/^Pss:\s+(\d+) kB/m.exec(rollup)[1]) / 1024;
    }),
  );
  const of = (start) => sizes.filter((_, at) => family[at].name.startsWith(start)).reduce((sum, size) => sum + size, 0);
  return {
    pss: sizes.reduce((sum, size) => sum + size, 0),
    own: sizes[0],
    web: of("WebKitWeb"),
    network: of("WebKitNetwork"),
  };
}
