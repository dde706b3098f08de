/**
 * Suggestions for the word at the caret:
 * - a name whose letters change their number in lower case is replaced as a whole
 * - rooms of the same name are suggested once
 */
import { describe, expect, it } from "vitest";
import { complete } from "../src/chat/completion";

describe("complete", () => {
  it("replaces the whole word, whatever its length in lower case", () => {
    expect(complete("@İs", 3, ["İstanbul"], [])).toMatchObject({ from: 0, to: 3 });
  });

  it("suggests rooms of the same name once", () => {
    expect(complete("#lu", 3, [], ["Lunch", "Lunch"])?.found).toEqual([{ label: "Lunch", text: "#Lunch " }]);
  });
});
