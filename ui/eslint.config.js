import js from "@eslint/js";
import svelte from "eslint-plugin-svelte";
import globals from "globals";
import ts from "typescript-eslint";
import svelteConfig from "./svelte.config.js";

export default ts.config(
  { ignores: ["dist/", "src/backend/protocol.ts", "src/backend/session-types.ts"] },
  js.configs.recommended,
  ts.configs.strict,
  ts.configs.stylistic,
  svelte.configs.recommended,
  svelte.configs.prettier,
  {
    languageOptions: { globals: { ...globals.browser } },
    rules: {
      "no-console": "error",
      "no-undef": "off", // TypeScript sees to it.
      "svelte/no-at-html-tags": "error",
      // State is raw and replaced, not reactive in depth: a plain Map beside it is bookkeeping on purpose.
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
    // Only what stands behind the interface may know what it is made of.
    files: ["src/**/*.{ts,svelte}"],
    ignores: ["src/backend/**"],
    rules: {
      "no-restricted-imports": [
        "error",
        { patterns: [{ group: ["@tauri-apps/*", "socket.io-client"], message: "Ask the Backend instead." }] },
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
            { regex: String.raw`^\.\./(?!backend/|\.\./\.\./icons/)`, message: "shared/ imports no concern." },
            { group: ["@tauri-apps/*", "socket.io-client"], message: "Ask the Backend instead." },
          ],
        },
      ],
    },
  },
);
