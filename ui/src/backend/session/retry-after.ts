/** The time after which a server that is too busy wants to be asked again. */

import type { WireError } from "../protocol";
import { isTransient } from "../wire-error";

/** Bounds for that time, so that a hostile server can't make the client spin or wait forever. */
const minRetryMs = 100;
const maxRetryMs = 60_000;

/** Returns the time in milliseconds, if the error names one. */
export function retryAfter(error: WireError): number | undefined {
  if (error.retry_after_ms === undefined || !isTransient(error.code)) return undefined;
  return Math.min(Math.max(error.retry_after_ms, minRetryMs), maxRetryMs);
}
