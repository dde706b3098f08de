import type { MemberId } from "../backend/protocol";
import type { Item } from "../rooms/fold";
import { isolate } from "../shared/bidi";
import { strings } from "../shared/strings";

/** What quiet events say, in as few sentences as they allow: neighbours of one kind become one sentence. */
export function sentences(items: readonly Item[], knownName: (member: MemberId) => string | undefined): string[] {
  // The lobby is made by the server itself, which is nobody.
  const nameOf = (member: MemberId) => isolate(knownName(member) ?? strings.system.unknownMember);
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
  const { system } = strings;
  switch (body.kind) {
    case "joined":
      return system.joined(
        names(run, ({ author: who, body: b }) => (b.kind === "joined" ? isolate(b.name) : nameOf(who))),
      );
    case "left":
      return system.left(names(run, (item) => nameOf(item.author)));
    case "created":
      return system.created(isolate(body.name));
    case "member_renamed":
      return system.memberRenamed(isolate(body.name));
    case "room_renamed":
      return system.roomRenamed(nameOf(author), isolate(body.name));
    case "topic":
      return body.text ? system.topic(nameOf(author), isolate(body.text)) : system.topicRemoved(nameOf(author));
    default:
      return strings.chat.unknown;
  }
}

const names = (run: readonly Item[], name: (item: Item) => string) => [...new Set(run.map(name))];
