import type { ErrorCode, WireError } from "./protocol";

/** All codes except `other`, the code of unknown errors. */
const knownCodes: Record<Exclude<ErrorCode, "other">, true> = {
  bad_request: true,
  unknown_event: true,
  unknown_room: true,
  unknown_entry: true,
  not_joined: true,
  not_yours: true,
  too_large: true,
  over_quota: true,
  conflict: true,
  busy: true,
  closing: true,
  storage: true,
  protocol: true,
  auth: true,
  no_guests: true,
};

/**
 * Parses the text form, which is all that a Socket.IO connect error can contain: `code: sentence`, or `code time: sentence` with
 * the time in milliseconds.
 */
export function wireErrorFromText(text: string): WireError {
  const [, code = "", time, message = ""] = /^(\w+)(?: (\d{1,10}))?: (.*)$/su.exec(text) ?? [];
  if (!isKnownCode(code)) return { code: "other", message: text };
  return { code, message, ...(time === undefined ? {} : { retry_after_ms: Number(time) }) };
}

/** Returns whether the same request may succeed in some seconds, so that programs repeat it by themselves. */
export function isTransient(code: ErrorCode): boolean {
  return code === "busy" || code === "closing" || code === "storage";
}

function isKnownCode(code: string): code is keyof typeof knownCodes {
  return Object.hasOwn(knownCodes, code);
}
