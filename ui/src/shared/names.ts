const first = ["Amber", "Brisk", "Calm", "Dapper", "Eager", "Fern", "Gentle", "Hazel", "Ivory", "Jolly", "Keen", "Lucid",
  "Mellow", "Nimble", "Opal", "Plucky", "Quiet", "Rustic", "Sunny", "Tidy", "Umber", "Vivid", "Witty", "Zesty"]; // prettier-ignore
const second = ["Otter", "Heron", "Badger", "Lynx", "Finch", "Hare", "Marten", "Newt", "Osprey", "Puffin", "Quail", "Raven",
  "Seal", "Tern", "Vole", "Wren", "Ibex", "Jackdaw", "Kestrel", "Lapwing", "Magpie", "Stoat", "Toad", "Beaver"]; // prettier-ignore

const any = (words: readonly string[]) => words[Math.floor(Math.random() * words.length)] ?? "";

/** A made-up name, for who doesn't want to think of one. */
export const madeUpName = (): string => `${any(first)} ${any(second)}`;
