/**
 * Colours of code:
 * - the parts of code get their kinds; other names of a language and what follows it are understood
 * - an unknown language has none, nor has code that would need very many elements
 * - neighbours of one kind are one part
 * - pieces are sent one after the other, once the worker is ready
 * - the results of many pieces are reported together, and at the latest after a moment
 * - a piece that takes too long gets none, and the next one a fresh worker
 * - a worker that can't be loaded isn't tried again
 */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { highlight, maxCodeRuns } from "../../src/text/highlight-code";
import { Highlighter, type HighlightRequest, type HighlightWorker } from "../../src/text/highlighter";

class FakeWorker implements HighlightWorker {
  onmessage: HighlightWorker["onmessage"] = null;
  onerror: HighlightWorker["onerror"] = null;
  readonly requests: HighlightRequest[] = [];
  terminated = false;
  postMessage(request: HighlightRequest) {
    this.requests.push(request);
  }
  terminate() {
    this.terminated = true;
  }
  sends(data: unknown) {
    this.onmessage?.call(this as never, { data } as MessageEvent);
  }
  fails() {
    this.onerror?.call(this as never, {} as ErrorEvent);
  }
}

const request = (code: string) => ({ info: "js", code });

function setUp() {
  const workers: FakeWorker[] = [];
  const highlighter = new Highlighter(() => {
    const worker = new FakeWorker();
    workers.push(worker);
    return worker;
  });
  return { highlighter, workers };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("code", () => {
  it("has kinds", () => {
    const kinds = highlight("js", 'const x = "y" + 1; // z')?.filter(({ kind }) => kind);
    expect(kinds).toEqual([
      { text: "const", kind: "keyword" },
      { text: '"y"', kind: "string" },
      { text: "1", kind: "number" },
      { text: "// z", kind: "comment" },
    ]);
    expect(highlight("JavaScript title=a", "x")).not.toBeNull();
    expect(highlight("html", "<a>")).not.toBeNull();
    expect(highlight("klingon", "x")).toBeNull();
  });

  it("has a limited number of parts", () => {
    expect(highlight("js", "{}".repeat(5000))?.length).toBeLessThan(10);
    expect(highlight("js", "1,".repeat(maxCodeRuns / 4))).toHaveLength(maxCodeRuns / 2);
    expect(highlight("js", "1,".repeat(maxCodeRuns))).toBeNull();
  });

  it("is not changed", () => {
    const code = 'fn main() {\n\tlet s = r#"a"#; /* b /* c */ */\n}\n';
    expect(
      highlight("rust", code)
        ?.map(({ text }) => text)
        .join(""),
    ).toBe(code);
  });
});

describe("the worker", () => {
  it("gets one piece after the other, once it is ready", async () => {
    const { highlighter, workers } = setUp();
    const [first, second] = [highlighter.highlight(request("a")), highlighter.highlight(request("b"))];
    const [worker] = workers;
    expect(worker?.requests).toEqual([]);
    worker?.sends("ready");
    expect(worker?.requests).toEqual([request("a")]);
    worker?.sends([{ text: "a" }]);
    expect(worker?.requests).toEqual([request("a"), request("b")]);
    worker?.sends(null);
    expect([await first, await second]).toEqual([[{ text: "a" }], null]);
    expect(workers).toHaveLength(1);
  });

  it("reports the results of many pieces together, and at the latest after a moment", async () => {
    const { highlighter, workers } = setUp();
    const reported: string[] = [];
    for (const code of ["a", "b", "c"]) void highlighter.highlight(request(code)).then(() => reported.push(code));
    const [worker] = workers;
    worker?.sends("ready");
    worker?.sends(null);
    worker?.sends(null);
    await vi.advanceTimersByTimeAsync(1);
    expect(reported).toEqual([]);
    await vi.advanceTimersByTimeAsync(100);
    expect(reported).toEqual(["a", "b"]);
    worker?.sends(null);
    await vi.advanceTimersByTimeAsync(0);
    expect(reported).toEqual(["a", "b", "c"]);
  });

  it("is ended when a piece takes too long", async () => {
    const { highlighter, workers } = setUp();
    const [slow, next] = [highlighter.highlight(request("slow")), highlighter.highlight(request("next"))];
    workers[0]?.sends("ready");
    vi.advanceTimersByTime(1000);
    expect(await slow).toBeNull();
    expect(workers[0]?.terminated).toBe(true);
    workers[1]?.sends("ready");
    expect(workers[1]?.requests).toEqual([request("next")]);
    workers[1]?.sends([{ text: "next" }]);
    expect(await next).toEqual([{ text: "next" }]);
  });

  it("isn't tried again when it can't be loaded", async () => {
    const { highlighter, workers } = setUp();
    const first = highlighter.highlight(request("a"));
    workers[0]?.fails();
    expect(await first).toBeNull();
    expect(await highlighter.highlight(request("b"))).toBeNull();
    expect(workers).toHaveLength(1);
  });
});
