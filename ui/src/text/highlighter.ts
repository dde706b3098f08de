import type { CodeRun } from "./code-run";

export interface HighlightRequest {
  /** The text after the opening fence: the language, and maybe more. */
  info: string;
  code: string;
}

/** The part of a `Worker` that the highlighter uses. */
export type HighlightWorker = Pick<Worker, "postMessage" | "terminate" | "onmessage" | "onerror">;

/** The time that one piece of code may take. */
const timeoutMs = 500;

/** The time for which results are collected while more are expected: each time that some are drawn, the page is laid out. */
const batchMs = 100;

interface WaitingRequest extends HighlightRequest {
  resolve: (runs: CodeRun[] | null) => void;
}

/**
 * Finds the colours of code, one piece after the other, in a worker: the library takes time that grows with the square of
 * the length of some words, which must not stop the page. What takes too long has no colours, and ends the worker.
 */
export class Highlighter {
  readonly #start: () => HighlightWorker;
  #worker: HighlightWorker | null = null;
  #isReady = false;
  #hasFailed = false;
  #queue: WaitingRequest[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The results that were found and not reported yet. */
  #found: (() => void)[] = [];
  #batchTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(start: () => HighlightWorker) {
    this.#start = start;
  }

  /** Resolves to the code in colours, or to null if the language isn't known or it takes too long. */
  highlight({ info, code }: HighlightRequest): Promise<CodeRun[] | null> {
    return new Promise((resolve) => {
      this.#queue.push({ info, code, resolve });
      if (this.#queue.length === 1) this.#sendFirst();
    });
  }

  #sendFirst(): void {
    const [first] = this.#queue;
    if (!first) return;
    if (this.#hasFailed) return this.#finishFirst(null);
    const worker = (this.#worker ??= this.#open());
    if (!this.#isReady) return;
    this.#timer = setTimeout(() => {
      this.#close();
      this.#finishFirst(null);
    }, timeoutMs);
    worker.postMessage({ info: first.info, code: first.code });
  }

  #finishFirst(runs: CodeRun[] | null): void {
    clearTimeout(this.#timer);
    const first = this.#queue.shift();
    if (first) this.#found.push(() => first.resolve(runs));
    if (this.#queue.length === 0) return this.#report();
    this.#batchTimer ??= setTimeout(() => this.#report(), batchMs);
    this.#sendFirst();
  }

  #report(): void {
    clearTimeout(this.#batchTimer);
    this.#batchTimer = undefined;
    for (const report of this.#found.splice(0)) report();
  }

  #open(): HighlightWorker {
    const worker = this.#start();
    worker.onmessage = ({ data }: MessageEvent<"ready" | CodeRun[] | null>) => {
      if (data !== "ready") return this.#finishFirst(data);
      this.#isReady = true;
      this.#sendFirst();
    };
    // It could not be loaded.
    worker.onerror = () => {
      this.#hasFailed = true;
      this.#close();
      this.#finishFirst(null);
    };
    return worker;
  }

  #close(): void {
    clearTimeout(this.#timer);
    this.#worker?.terminate();
    this.#worker = null;
    this.#isReady = false;
  }
}

export const highlighter = new Highlighter(
  () => new Worker(new URL("./highlight-worker.ts", import.meta.url), { type: "module" }),
);
