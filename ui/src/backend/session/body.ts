/** The server's checks of a body, made before it is sent. `text_rule.rs` and `kind.rs` define the rules. */

import { canonicalEmoji } from "../emoji";
import { propertiesOf } from "../entry-kinds";
import { checkName } from "../name";
import { type Body, notOneEmoji, textRules, type WireError } from "../protocol";
import { checkText } from "../text-rule";

/** Returns a body in the form in which it is stored: forms of one emoji are one reaction. */
export function canonicalBody(body: Body): Body {
  return body.kind === "react" ? { ...body, emoji: canonicalEmoji(body.emoji) ?? body.emoji } : body;
}

/** Returns the reason why a client may not post this body, which is in its canonical form, if there is one. */
export function checkBody(body: Body): WireError | undefined {
  switch (propertiesOf(body).writer) {
    case "member":
    case "target_author":
      return checkFields(body);
    case "server":
      return { code: "bad_request", message: "Only the server writes entries of this kind." };
    case "unknown":
      return {
        code: "bad_request",
        message: "This server does not know that kind of entry, or a field of it is missing or of the wrong type.",
      };
  }
}

function checkFields(body: Body): WireError | undefined {
  switch (body.kind) {
    case "message":
    case "edit":
      return checkText(body.text, textRules.message);
    case "topic":
      return checkText(body.text, textRules.topic);
    case "react":
      return canonicalEmoji(body.emoji) === body.emoji ? undefined : notOneEmoji;
    case "room_renamed": {
      const message = checkName(body.name);
      return message === undefined ? undefined : { code: "bad_request", message };
    }
    case "created":
    case "joined":
    case "left":
    case "member_renamed":
    case "delete":
    case "wiped":
      return undefined;
  }
}
