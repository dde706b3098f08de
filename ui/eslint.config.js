import js from "@eslint/js";
import svelte from "eslint-plugin-svelte";
import globals from "globals";
import ts from "typescript-eslint";
import svelteConfig from "./svelte.config.js";

export default ts.config(
  { ignores: ["dist/", "src/backend/{backend-events,protocol,session-types}.ts"] },
  js.configs.recommended,
  ts.configs.strict,
  ts.configs.stylistic,
  svelte.configs.recommended,
  svelte.configs.prettier,
  {
    languageOptions: { globals: { ...globals.browser } },
    rules: {
      "no-console": "error",
      "no-undef": "off", // TypeScript checks this.
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
    // A syntax error in one regular expression keeps the page from starting in a browser that doesn't know it.
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
      ],
    },
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
              regex: String.raw`^(\.\./)+(app|chat|people|rooms|servers|start)/`,
              message: "backend/ must not import the interface.",
            },
          ],
        },
      ],
    },
  },
);
