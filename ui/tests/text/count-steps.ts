/** The methods that look at a text, with the characters that one call touches at most. */
const stringMethods = [
  "charAt",
  "charCodeAt",
  "codePointAt",
  "slice",
  "indexOf",
  "includes",
  "startsWith",
  "endsWith",
] as const;

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
          steps +=
            typeof found === "string"
              ? 1 + found.length / 16
              : typeof found === "number" && name === "indexOf"
                ? 1 + (found < 0 ? this.length : found) / 16
                : 1;
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
        steps += 1 + ((found ? found.index + found[0].length : text.length) - from) / 16;
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
