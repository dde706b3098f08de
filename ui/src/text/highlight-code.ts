import bash from "highlight.js/lib/languages/bash";
import c from "highlight.js/lib/languages/c";
import cpp from "highlight.js/lib/languages/cpp";
import csharp from "highlight.js/lib/languages/csharp";
import css from "highlight.js/lib/languages/css";
import diff from "highlight.js/lib/languages/diff";
import go from "highlight.js/lib/languages/go";
import ini from "highlight.js/lib/languages/ini";
import java from "highlight.js/lib/languages/java";
import javascript from "highlight.js/lib/languages/javascript";
import json from "highlight.js/lib/languages/json";
import kotlin from "highlight.js/lib/languages/kotlin";
import markdown from "highlight.js/lib/languages/markdown";
import php from "highlight.js/lib/languages/php";
import powershell from "highlight.js/lib/languages/powershell";
import python from "highlight.js/lib/languages/python";
import ruby from "highlight.js/lib/languages/ruby";
import rust from "highlight.js/lib/languages/rust";
import sql from "highlight.js/lib/languages/sql";
import swift from "highlight.js/lib/languages/swift";
import typescript from "highlight.js/lib/languages/typescript";
import xml from "highlight.js/lib/languages/xml";
import yaml from "highlight.js/lib/languages/yaml";
import { createLowlight } from "lowlight";
import type { CodeRun } from "./code-run";

/** The names by which a fence can ask for a language; the library knows more, such as `js` and `html`. */
const languages = {
  bash,
  c,
  cpp,
  csharp,
  css,
  diff,
  go,
  ini,
  java,
  javascript,
  json,
  kotlin,
  markdown,
  php,
  powershell,
  python,
  ruby,
  rust,
  sql,
  swift,
  typescript,
  xml,
  yaml,
};

const lowlight = createLowlight(languages);
type Tree = ReturnType<typeof lowlight.highlight>["children"];

/** The colours of the library's classes. What is missing has the colour of text. */
const kinds: Partial<Record<string, CodeRun["kind"]>> = {
  comment: "comment",
  quote: "comment",
  meta: "comment",
  keyword: "keyword",
  "selector-tag": "keyword",
  doctag: "keyword",
  deletion: "keyword",
  string: "string",
  regexp: "string",
  addition: "string",
  number: "number",
  literal: "number",
  symbol: "number",
  title: "name",
  name: "name",
  attr: "name",
  attribute: "name",
  section: "name",
  type: "name",
  built_in: "name",
};

/** The most runs of a piece of code. Each has an element. */
export const maxCodeRuns = 2000;

/** Returns code in colours, or null if the language isn't known or it would have too many runs. */
export function highlight(info: string, code: string): CodeRun[] | null {
  const language = info.split(/[\s{:,]/, 1)[0]?.toLowerCase() ?? "";
  if (!lowlight.registered(language)) return null;
  const runs: CodeRun[] = [];
  for (const run of runsOf(lowlight.highlight(language, code).children)) {
    const last = runs.at(-1);
    if (last && last.kind === run.kind) last.text += run.text;
    else runs.push(run);
  }
  return runs.length > maxCodeRuns ? null : runs;
}

function* runsOf(nodes: Tree, inherited?: CodeRun["kind"]): Iterable<CodeRun> {
  for (const node of nodes) {
    if (node.type === "text") yield { text: node.value, kind: inherited };
    if (node.type !== "element") continue;
    const { className } = node.properties;
    const [name] = Array.isArray(className) ? className : [];
    yield* runsOf(node.children, kinds[String(name).replace("hljs-", "")] ?? inherited);
  }
}
