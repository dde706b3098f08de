// prettier-ignore
const adjectives = [
  "Amber", "Brave", "Bright", "Calm", "Clever", "Cosy", "Curious", "Daring", "Eager", "Fuzzy", "Gentle", "Golden",
  "Happy", "Jolly", "Kind", "Lively", "Lucky", "Mellow", "Merry", "Nimble", "Patient", "Quick", "Quiet", "Silver",
  "Sunny", "Swift", "Tidy", "Warm", "Witty", "Zesty",
];

// prettier-ignore
const animals = [
  "Badger", "Bear", "Beaver", "Crane", "Dolphin", "Falcon", "Finch", "Fox", "Gecko", "Hare", "Hedgehog", "Heron",
  "Ibex", "Koala", "Lark", "Lynx", "Marten", "Newt", "Otter", "Owl", "Panda", "Puffin", "Raven", "Robin", "Seal",
  "Sparrow", "Stork", "Swan", "Turtle", "Wren",
];

/** Returns a random friendly name, as a suggestion for a new user. */
export function randomName(): string {
  return `${pick(adjectives)} ${pick(animals)}`;
}

function pick(words: readonly string[]): string {
  const [number = 0] = crypto.getRandomValues(new Uint32Array(1));
  return words[number % words.length] ?? "";
}
