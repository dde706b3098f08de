/** Returns a text as it is sent: without empty lines around it. The blanks before its first word stay, as in code. */
export const messageText = (text: string): string => text.replace(/^(?:[^\S\n]*\n)+/, "").trimEnd();
