/** Returns whether regular expressions have the flag `v`, and with it `\p{RGI_Emoji}`. Browsers from before 2023 don't. */
export function hasRgiEmoji(): boolean {
  try {
    new RegExp("\\p{RGI_Emoji}", "v");
    return true;
  } catch {
    return false;
  }
}
