/**
 * Returns a text as names are searched for: without case, accents and the differences between forms of a character. It doesn't
 * depend on the browser's language: in Turkish, `I` is not the capital of `i`.
 */
export const foldForSearch = (text: string): string =>
  text
    .normalize("NFKD")
    .replace(/[\u0300-\u036f]/g, "")
    .toLowerCase()
    // At the end of a word the letter has another form, which would not be found within a longer one.
    .replace(/ς/g, "σ");
