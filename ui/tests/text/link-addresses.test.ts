/**
 * The address beside a link while the rules are loaded:
 * - every link that could deceive is followed by its host until both the rules and the table of look-alikes are there
 */
import { expect, it } from "vitest";
import { loadLookalikes } from "../../src/shared/lookalike-table.svelte";
import { addressToShow, hiddenHost, loadLinkRules } from "../../src/text/link-addresses.svelte";

const shown = (text: string, href: string) => addressToShow(text, href, () => false);

it("shows the host of every link that could deceive until the rules and the look-alikes are there", async () => {
  expect(shown("here", "https://bank.com")).toBe("bank.com");
  expect(shown("here", "mailto:?to=eve@evil.com")).toBe("eve@evil.com");
  await loadLinkRules();
  expect(hiddenHost("https://аррӏе.com")).toBe("xn--80ak6aa92e.com");
  expect(shown("https꞉∕∕bank", "https://evil.com")).toBe("evil.com");
  await loadLookalikes();
  expect(hiddenHost("https://аррӏе.com")).toBe("xn--80ak6aa92e.com");
  expect(shown("https꞉∕∕bank", "https://evil.com")).toBe("evil.com");
  expect(shown("here", "https://bank.com")).toBeUndefined();
  expect(hiddenHost("https://münchen.de")).toBeUndefined();
});
