import type { MemberId } from "../backend/protocol";
import type { Item } from "../rooms/fold";
import { isolated } from "../shared/isolated";
import { words } from "../shared/words";

/** What quiet events say, in as few sentences as they allow: neighbours of one kind become one sentence. */
export function sentences(items: readonly Item[], knownName: (member: MemberId) => string | undefined): string[] {
  // The lobby is made by the server itself, which is nobody.
  const nameOf = (member: MemberId) => isolated(knownName(member) ?? words.system.somebody);
  const said: string[] = [];
  for (let i = 0; i < items.length;) {
    const item = items[i] as Item;
    const { kind } = item.body;
    let end = i + 1;
    if (kind === "joined" || kind === "left") while (items[end]?.body.kind === kind) end += 1;
    said.push(sentence(items.slice(i, end), item, nameOf));
    i = end;
  }
  return said;
}

function sentence(run: readonly Item[], { author, body }: Item, nameOf: (member: MemberId) => string): string {
  const { system } = words;
  switch (body.kind) {
    case "joined":
      return system.joined(
        names(run, ({ author: who, body: b }) => (b.kind === "joined" ? isolated(b.name) : nameOf(who))),
      );
    case "left":
      return system.left(names(run, (item) => nameOf(item.author)));
    case "created":
      return system.created(isolated(body.name));
    case "member_renamed":
      return system.nowNamed(isolated(body.name));
    case "room_renamed":
      return system.renamed(nameOf(author), isolated(body.name));
    case "topic":
      return body.text ? system.topic(nameOf(author), isolated(body.text)) : system.noTopic(nameOf(author));
    default:
      return words.chat.unknown;
  }
}

const names = (run: readonly Item[], name: (item: Item) => string) => [...new Set(run.map(name))];
