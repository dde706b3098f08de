/**
 * Returns the first reason to skip a test, for `{ skip }`, or `false` if there is none. In CI a reason is an error, because there
 * a skipped test would look like a passed one.
 *
 * @param {...(string | false)} reasons
 */
export function skipReason(...reasons) {
  const reason = reasons.find(Boolean) ?? false;
  if (reason && process.env.CI === "true") throw new Error(`CI must run all tests, but: ${reason}`);
  return reason;
}
