import { lookalikePrototypes } from "../shared/lookalike-table.svelte";
import type { IsRoom } from "./deceptive-links";
import type { JoinedText } from "./joined-texts";
import type * as Rules from "./link-rules";
import { hostOrRecipients } from "./mail-recipients";

/** The rules, or nothing until they are loaded. */
let rules: typeof Rules | undefined = $state.raw();
let loading: Promise<void> | undefined;

/** Loads the rules for links that deceive. */
export function loadLinkRules(): Promise<void> {
  loading ??= import("./link-rules").then(
    (loaded) => {
      rules = loaded;
    },
    () => (loading = undefined),
  );
  return loading;
}

/**
 * Returns the rules once they and the table of look-alikes, which they use, are loaded. Until then every link that could
 * deceive is followed by its host.
 */
function completeRules(): typeof Rules | undefined {
  void loadLinkRules();
  return lookalikePrototypes().size > 0 ? rules : undefined;
}

/** Returns the address to show beside a link with a text of its own, if that text could be taken for something else. */
export function addressToShow(text: string, href: string, isRoom: IsRoom): string | undefined {
  const complete = completeRules();
  return complete ? complete.addressToShow(text, href, isRoom) : hostOrRecipients(new URL(href));
}

/**
 * Returns the address to show beside a link whose text could be taken for something else together with what is around it, or
 * if that is not to be compared.
 */
export function addressToShowAmong(joined: JoinedText | null, href: string, isRoom: IsRoom): string | undefined {
  if (joined === null) return hostOrRecipients(new URL(href));
  // Letters, and punctuation that ends a sentence or encloses a part of it, make no address; but some letters look like dots.
  if (/^(?:(?![ꓸ٠۰])[\p{L}\p{N}\s])*[).,;!?]*$/u.test(joined.before + joined.text + joined.after)) return undefined;
  const complete = completeRules();
  return complete ? complete.addressToShowAmong(joined, href, isRoom) : hostOrRecipients(new URL(href));
}

/** Returns the host to show beside a bare link, if it could be taken for another one. */
export function hiddenHost(href: string): string | undefined {
  // Most links are as plain as these.
  if (/^(?:mailto:[\w.+-]+@[\w.-]+$|https?:\/\/(?:[a-z][a-z-]*\.)+[a-z]{2,}(?:[/?#]|$))/i.test(href)) return undefined;
  const complete = completeRules();
  return complete ? complete.hiddenHost(href) : hostOrRecipients(new URL(href));
}
