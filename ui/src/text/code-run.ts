/** A part of code in one colour. */
export interface CodeRun {
  text: string;
  kind?: "comment" | "keyword" | "string" | "number" | "name";
}
