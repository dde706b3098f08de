/** What may be posted: the checks of the server, made before anything is sent. */

import { type Body, type ErrorCode, limits, type WireError } from "../protocol";

/** A reaction, in bytes. */
const emojiBytes = 64;

/** Why a body may not be posted as it is; nothing, if it may. */
export function refusal(body: Body): WireError | undefined {
  switch (body.kind) {
    case "message":
    case "edit":
      return refusalOfText(body.text);
    case "topic":
      if ([...body.text].length > limits.topicChars)
        return error("too_large", `A topic has at most ${limits.topicChars} characters.`);
      return /\p{Cc}/u.test(body.text) ? error("bad_request", "A topic is one line of text.") : undefined;
    case "react":
      return body.emoji === "" || bytes(body.emoji) > emojiBytes
        ? error("bad_request", "A reaction is one emoji.")
        : undefined;
    case "delete":
    case "room_renamed":
      return undefined;
    case "created":
    case "joined":
    case "left":
    case "member_renamed":
    case "wiped":
      return error("bad_request", "Only the server writes entries of this kind.");
    default:
      return error(
        "bad_request",
        "This server does not know that kind of entry, or a field of it is missing or of the wrong type.",
      );
  }
}

function refusalOfText(text: string): WireError | undefined {
  if (text.trim() === "") return error("bad_request", "A message needs some text.");
  const size = bytes(text);
  if (size <= limits.textBytes) return undefined;
  return error("too_large", `A message has at most ${limits.textBytes} bytes of text; this one has ${size}.`);
}

function bytes(text: string): number {
  return new TextEncoder().encode(text).length;
}

function error(code: ErrorCode, message: string): WireError {
  return { code, message };
}
