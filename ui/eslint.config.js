import js from "@eslint/js";
import svelte from "eslint-plugin-svelte";
import globals from "globals";
import ts from "typescript-eslint";
import svelteConfig from "./svelte.config.js";

/** Methods of the page that Safari 16.0 lacks. Those of the language are not in TypeScript's `lib`. */
const sinceSafari16 = [
  "(show|hide|toggle)Popover",
  "checkVisibility",
  "canParse",
  "requestIdleCallback",
  "startViewTransition",
  "moveBefore",
  "setHTML",
  "setHTMLUnsafe",
  "getHTML",
];

export default ts.config(
  { ignores: ["dist/"] },
  js.configs.recommended,
  ts.configs.strict,
  ts.configs.stylistic,
  svelte.configs.recommended,
  svelte.configs.prettier,
  {
    rules: {
      "no-console": "error",
      "no-undef": "off", // TypeScript checks this, except in JavaScript files.
      "svelte/no-at-html-tags": "error",
      // State is replaced instead of mutated (`$state.raw`), so plain maps and sets are intended.
      "svelte/prefer-svelte-reactivity": "off",
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-unused-vars": [
        "error",
        { argsIgnorePattern: "^_", varsIgnorePattern: "^_", ignoreRestSiblings: true },
      ],
    },
  },
  {
    files: ["**/*.svelte", "**/*.svelte.ts"],
    languageOptions: { parserOptions: { parser: ts.parser, svelteConfig } },
  },
  {
    // Some of their functions run in the page.
    files: ["**/*.{js,mjs}"],
    languageOptions: { globals: { ...globals.node, ...globals.browser } },
    rules: { "no-undef": "error" },
  },
  {
    // A new kind of anything must not pass until every place has decided, also where nothing is returned.
    files: ["src/**/*.{ts,svelte}", "tests/**/*.ts"],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname, extraFileExtensions: [".svelte"] },
    },
    rules: { "@typescript-eslint/switch-exhaustiveness-check": "error" },
  },
  {
    // The oldest browser is Safari 16.0, as in `vite.config.ts`. A syntax error in one regular expression would keep the page
    // from starting there. The rules of styles are in `tests/css.test.ts`.
    files: ["src/**/*.{ts,svelte}"],
    rules: {
      "no-restricted-syntax": [
        "error",
        {
          selector: "Literal[regex.pattern=/\\(\\?<[=!]/]",
          message: "Safari knows no lookbehind before 16.4.",
        },
        {
          selector: "Literal[regex.flags=/v/]",
          message: "Safari knows no flag v before 17; use new RegExp() and a fallback.",
        },
        {
          selector:
            ":matches(NewExpression[callee.name='MediaQuery'], CallExpression[callee.name='matchMedia']) > Literal[value=/width|height/]",
          message: "Safari knows no ranges in media queries before 16.4; use shared/breakpoints.ts.",
        },
        {
          // `element.showPopover?.()` says that it may be missing.
          selector: `CallExpression[optional=false] > MemberExpression.callee[property.name=/^(${sinceSafari16.join("|")})$/]`,
          message: "Safari 16.0 doesn't know this method.",
        },
        {
          selector: "CallExpression[arguments.length=0] > MemberExpression.callee[property.name=/^toLocale/]",
          message: "Name the language, which is that of the sentences: `language` in shared/strings.ts.",
        },
        {
          selector: "MemberExpression[object.name='AbortSignal'][property.name='any']",
          message: "Safari knows no AbortSignal.any before 17.4.",
        },
      ],
    },
  },
  {
    // ts-rs generates these, in a style of its own.
    files: ["src/backend/{backend-events,protocol,session-types}.ts"],
    rules: { "@typescript-eslint/array-type": "off", "@typescript-eslint/consistent-type-definitions": "off" },
  },
  {
    // Only `src/backend/` knows how the interface reaches a server.
    files: ["src/**/*.{ts,svelte}"],
    ignores: ["src/backend/**"],
    rules: {
      "no-restricted-imports": [
        "error",
        { patterns: [{ group: ["@tauri-apps/*", "socket.io-client"], message: "Use the Backend interface instead." }] },
      ],
    },
  },
  {
    files: ["src/shared/**"],
    rules: {
      "no-restricted-imports": [
        "error",
        {
          patterns: [
            { regex: String.raw`^\.\./(?!\.\./\.\./icons/)`, message: "shared/ must not import from other folders." },
            { group: ["@tauri-apps/*", "socket.io-client"], message: "Use the Backend interface instead." },
          ],
        },
      ],
    },
  },
  {
    files: ["src/backend/**"],
    rules: {
      "no-restricted-imports": [
        "error",
        {
          patterns: [
            {
              regex: String.raw`^(\.\./)+(app|chat|people|rooms|servers|start|state|text)/`,
              message: "backend/ must not import the interface.",
            },
          ],
        },
      ],
    },
  },
);
