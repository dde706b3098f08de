import type { MemberId } from "../backend/protocol";
import type { Item } from "../rooms/fold";
import { isolate } from "../shared/bidi";
import { strings } from "../shared/strings";

/** The names of the people in the sentences. */
export interface SystemNames {
  knownName(member: MemberId): string | undefined;
  /** Returns a name that the member has or had, with what distinguishes it from others. */
  tagged(name: string, member: MemberId): string;
}

/** Returns the sentences for adjacent system entries. Several people who join or leave in a row share one sentence. */
export function systemSentences(items: readonly Item[], names: SystemNames): string[] {
  const sentences: string[] = [];
  for (let i = 0; i < items.length;) {
    const item = items[i] as Item;
    const { kind } = item.body;
    let end = i + 1;
    if (kind === "joined" || kind === "left") while (items[end]?.body.kind === kind) end += 1;
    sentences.push(sentence(items.slice(i, end), item, names));
    i = end;
  }
  return sentences;
}

function sentence(run: readonly Item[], { author, body }: Item, names: SystemNames): string {
  const { system } = strings;
  const nameOf = (member: MemberId) => {
    const name = names.knownName(member);
    // The server itself, which creates the lobby, has no name.
    return name === undefined ? system.unknownMember : names.tagged(name, member);
  };
  switch (body.kind) {
    case "joined":
      return system.joined(
        unique(run, (item) =>
          item.body.kind === "joined" ? names.tagged(item.body.name, item.author) : nameOf(item.author),
        ),
      );
    case "left":
      return system.left(unique(run, (item) => nameOf(item.author)));
    case "created":
      return system.created(isolate(body.name));
    case "member_renamed":
      // Entries from before the server added the old name don't have it, and who it was can't be told any more.
      return system.memberRenamed(
        body.from === undefined ? system.unknownMember : isolate(body.from),
        names.tagged(body.name, author),
      );
    case "room_renamed":
      return system.roomRenamed(nameOf(author), isolate(body.name));
    case "topic":
      return body.text ? system.topic(nameOf(author), isolate(body.text)) : system.topicRemoved(nameOf(author));
    // Not system entries: they are shown as messages, or change one.
    case "message":
    case "edit":
    case "delete":
    case "wiped":
    case "react":
      return strings.chat.unknown;
    default:
      // A kind of a later version.
      body satisfies never;
      return strings.chat.unknown;
  }
}

const unique = (run: readonly Item[], nameOf: (item: Item) => string) => [...new Set(run.map(nameOf))];
