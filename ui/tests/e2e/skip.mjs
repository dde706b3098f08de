/**
 * The first reason for which a test can't run, for `{ skip }`; false when there is none. In CI nothing may be missing: there a
 * skipped test would look like one that has passed.
 *
 * @param {...(string | false)} reasons
 */
export function missing(...reasons) {
  const reason = reasons.find(Boolean) ?? false;
  if (reason && process.env.CI === "true") throw new Error(`in CI this may not be missing: ${reason}`);
  return reason;
}
