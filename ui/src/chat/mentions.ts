/** Splits a text at the mentions (`@name`, a whole word, in any case) of one person. */
export function splitMentions(text: string, name: string): { text: string; mention: boolean }[] {
  if (!name || !text.includes("@")) return [{ text, mention: false }];
  const escaped = name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}])@${escaped}(?![\\p{L}\\p{N}])`, "giu");
  const parts: { text: string; mention: boolean }[] = [];
  let from = 0;
  for (const { 0: whole, index } of text.matchAll(pattern)) {
    if (index > from) parts.push({ text: text.slice(from, index), mention: false });
    parts.push({ text: whole, mention: true });
    from = index + whole.length;
  }
  if (from < text.length) parts.push({ text: text.slice(from), mention: false });
  return parts;
}
