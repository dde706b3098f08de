const beginning = /(?:^|[\s"'“‘([=,;*_~|])(?:[A-Za-z]:|\.{1,2}|%\w{1,40}%|~|\$\w{1,40}|\$env:\w{1,40}|)$/;

/**
 * Returns the end of a path of Windows whose first backslash is at `index`: `C:\dir\*.txt`, `\\server\share`, `..\x`. In a
 * path neither backslashes nor stars nor underscores have a meaning.
 */
export function windowsPath(text: string, index: number): number | null {
  if (text.charAt(index) !== "\\") return null;
  const before = text.slice(Math.max(0, index - 50), index);
  if (!beginning.test(before)) return null;
  const isRoot = /(?:^|[\s"'“‘([=,;*_~|])$/.test(before) && before.at(-1) !== "~";
  if (isRoot && !/^\\\\[\p{L}\p{N}.?]/u.test(text.slice(index, index + 4))) return null;
  let end = index;
  while (end < text.length && !/[\s"<>|`]/.test(text.charAt(end))) end += 1;
  // Emphasis around the whole path ends after its last letter.
  let trimmed = end;
  while (/[*_~]/.test(text.charAt(trimmed - 1))) trimmed -= 1;
  return trimmed < end && /[\p{L}\p{N})]/u.test(text.charAt(trimmed - 1)) ? trimmed : end;
}
