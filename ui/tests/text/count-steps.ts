/** The methods that look at a text or make another one of it. With a pattern, their searches count as well. */
const stringMethods = [
  "charAt",
  "charCodeAt",
  "codePointAt",
  "slice",
  "indexOf",
  "includes",
  "startsWith",
  "endsWith",
  "match",
  "matchAll",
  "normalize",
  "replace",
  "replaceAll",
  "split",
  "trim",
] as const;

/** The characters that count as one step. */
const stepLength = 16;

/** Returns the steps of a call on a text. */
function stepsOf(name: (typeof stringMethods)[number], text: string, result: unknown): number {
  switch (name) {
    case "charAt":
    case "charCodeAt":
    case "codePointAt":
    case "includes":
    case "startsWith":
    case "endsWith":
      return 1;
    case "slice":
      return 1 + String(result).length / stepLength;
    case "indexOf":
      return 1 + (result === -1 ? text.length : Number(result)) / stepLength;
    case "match":
    case "matchAll":
    case "normalize":
    case "replace":
    case "replaceAll":
    case "split":
    case "trim":
      return 1 + text.length / stepLength;
  }
}

/** Runs something and counts the steps that it takes: characters that it looks at, and searches that it makes. */
export function countSteps<T>(run: () => T): { steps: number; result: T } {
  let steps = 0;
  const restore: (() => void)[] = [];
  const replace = <K extends string>(owner: Record<K, unknown>, name: K, make: (original: never) => unknown) => {
    const original = owner[name];
    owner[name] = make(original as never) as never;
    restore.push(() => (owner[name] = original as never));
  };
  for (const name of stringMethods) {
    replace(
      String.prototype as unknown as Record<string, unknown>,
      name,
      (original: (...a: unknown[]) => unknown) =>
        function (this: string, ...args: unknown[]) {
          const found = original.apply(this, args);
          steps += stepsOf(name, this, found);
          return found;
        },
    );
  }
  replace(
    RegExp.prototype as unknown as Record<string, unknown>,
    "exec",
    (original: (text: string) => RegExpExecArray | null) =>
      function (this: RegExp, text: string) {
        const from = this.global || this.sticky ? this.lastIndex : 0;
        const found = original.call(this, text);
        steps += 1 + ((found ? found.index + found[0].length : text.length) - from) / stepLength;
        return found;
      },
  );
  replace(
    RegExp.prototype as unknown as Record<string, unknown>,
    "test",
    () =>
      function (this: RegExp, text: string) {
        return this.exec(text) !== null;
      },
  );
  const canParse = URL.canParse.bind(URL);
  URL.canParse = (address) => {
    steps += 1 + String(address).length;
    return canParse(address);
  };
  restore.push(() => (URL.canParse = canParse));
  try {
    return { result: run(), steps };
  } finally {
    for (const undo of restore.toReversed()) undo();
  }
}
