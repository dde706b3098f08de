/** The rules for links that could be taken for others, in one chunk, which is loaded when a text needs it. */

export { hiddenHost } from "./deceptive-hosts";
export { addressToShow } from "./deceptive-links";
export { addressToShowAmong } from "./joined-texts";
