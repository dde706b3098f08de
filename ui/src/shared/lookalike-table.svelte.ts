/** The ASCII that characters look like, or nothing until the table is loaded. */
let prototypes: ReadonlyMap<string, string> = $state.raw(new Map());
let loading: Promise<void> | undefined;

/** Loads the table of characters that look alike. */
export function loadLookalikes(): Promise<void> {
  loading ??= import("./lookalikes").then(
    ({ lookalikes }) => {
      prototypes = new Map(
        Object.entries(lookalikes).flatMap(([prototype, characters]) =>
          Array.from(characters, (character) => [character, prototype] as const),
        ),
      );
    },
    () => (loading = undefined),
  );
  return loading;
}

/**
 * Returns the ASCII that characters look like (UTS #39), by character; ASCII characters that look like others are among
 * them. It is empty until it is loaded; templates and effects that have read it run again then.
 */
export function lookalikePrototypes(): ReadonlyMap<string, string> {
  void loadLookalikes();
  return prototypes;
}

/**
 * Returns a text with the ASCII that its characters look like. `replaces` decides for each, given what it looks like; other
 * characters stay, and so do all until the table is loaded.
 */
export function asciiShape(text: string, replaces = (_character: string, _look: string) => true): string {
  const looks = lookalikePrototypes();
  return Array.from(text, (character) => {
    const look = looks.get(character);
    return look !== undefined && replaces(character, look) ? look : character;
  }).join("");
}
