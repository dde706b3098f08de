/** The characters that count as one step. */
const stepLength = 16;

type Method = (...args: never[]) => unknown;

/** The methods of texts as they are, which count nothing. */
const { indexOf } = String.prototype;

/** Returns the steps of a call on a text: the characters that it looks at or copies. */
function stepsOf(name: string | symbol, text: string, [first]: readonly unknown[], result: unknown): number {
  switch (name) {
    case "at":
    case "charAt":
    case "charCodeAt":
    case "codePointAt":
      return 1;
    case "slice":
    case "substring":
      return 1 + String(result).length / stepLength;
    case "startsWith":
    case "endsWith":
      return 1 + String(first).length / stepLength;
    case "includes":
    case "indexOf": {
      const found = indexOf.call(text, String(first));
      return 1 + (found === -1 ? text.length : found) / stepLength;
    }
    case "lastIndexOf":
      return 1 + (text.length - Math.max(0, Number(result))) / stepLength;
    // With a pattern, the searches of these count as well.
    default:
      return 1 + Math.max(text.length, typeof result === "string" ? result.length : 0) / stepLength;
  }
}

/** The methods of all texts that look at them or make others of them. */
const textMethods = Reflect.ownKeys(String.prototype).filter(
  (name) => !["constructor", "length", "toString", "valueOf"].includes(String(name)),
);

/**
 * Runs something and counts the steps that it takes: characters that it looks at, searches that it makes, and addresses that it
 * parses.
 */
export function countSteps<T>(run: () => T): { steps: number; result: T } {
  let steps = 0;
  const restore: (() => void)[] = [];
  const replace = <O extends object>(
    owner: O,
    name: keyof O | string | symbol,
    made: (original: Method) => unknown,
  ) => {
    const methods = owner as Record<string | symbol, unknown>;
    const original = methods[name as string];
    methods[name as string] = made(original as Method);
    restore.push(() => (methods[name as string] = original));
  };
  for (const name of textMethods)
    replace(
      String.prototype,
      name,
      (original) =>
        function (this: string, ...args: never[]) {
          const result = original.apply(this, args);
          steps += stepsOf(name, this, args, result);
          return result;
        },
    );
  replace(
    RegExp.prototype,
    "exec",
    (original) =>
      function (this: RegExp, text: string) {
        const from = this.global || this.sticky ? this.lastIndex : 0;
        const found = original.call(this, text as never) as RegExpExecArray | null;
        steps += 1 + ((found ? found.index + found[0].length : text.length) - from) / stepLength;
        return found;
      },
  );
  replace(
    RegExp.prototype,
    "test",
    () =>
      function (this: RegExp, text: string) {
        return this.exec(text) !== null;
      },
  );
  replace(URL, "canParse", (original) => (address: string) => {
    steps += 1 + address.length;
    return original.call(URL, address as never);
  });
  replace(
    globalThis,
    "URL",
    () =>
      class extends URL {
        constructor(address: string) {
          steps += 1 + address.length;
          super(address);
        }
      },
  );
  try {
    return { result: run(), steps };
  } finally {
    for (const undo of restore.toReversed()) undo();
  }
}
