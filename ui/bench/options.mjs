// What `cargo xtask bench` asks of a benchmark.

export const quick = process.argv.includes("--quick");
const asked = process.argv.find((word) => word.startsWith("--rounds="))?.slice("--rounds=".length);
/** How often everything is measured. */
export const rounds = Number(asked ?? (quick ? 1 : 5));
