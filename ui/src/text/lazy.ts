import { loadLookalikes } from "../shared/lookalike-table.svelte";
import { loadLinkRules } from "./link-addresses.svelte";

/** Data of texts that is loaded after the first paint, or when a text needs it. */
export const lazyData = { linkRules: loadLinkRules, lookalikes: loadLookalikes };
