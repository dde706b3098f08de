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
  conflict: true,
  busy: true,
  closing: true,
  storage: true,
  protocol: true,
  auth: true,
  no_guests: true,
};

/** Parses the text form `code: sentence`, which is all that a Socket.IO connect error can contain. */
export function wireErrorFromText(text: string): WireError {
  const end = text.indexOf(": ");
  const code = text.slice(0, Math.max(end, 0));
  if (isKnownCode(code)) return { code, message: text.slice(end + 2) };
  return { code: "other", message: text };
}

/** Returns whether the same request may succeed later without being changed. */
export function isTransient(code: ErrorCode): boolean {
  return code === "busy" || code === "closing" || code === "storage";
}

function isKnownCode(code: string): code is keyof typeof knownCodes {
  return Object.hasOwn(knownCodes, code);
}
