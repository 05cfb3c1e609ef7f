import { readdirSync } from "node:fs";
import js from "@eslint/js";
import reactHooks from "eslint-plugin-react-hooks";
import globals from "globals";
import tseslint from "typescript-eslint";

// The layers, from the bottom: lib, api, components/ui, components, features, app. A file may import from its own layer and
// from the ones below it; features are beside each other and never import each other.
const features = readdirSync(new URL("./src/features", import.meta.url));

/** Forbids imports in some files, and says why. */
function forbid(files, groups) {
  return { files, rules: { "no-restricted-imports": ["error", { patterns: groups }] } };
}
const app = { group: ["@/app/*"], message: "Only the app composes; nothing below it may know it." };
const anyFeature = { group: ["@/features/*"], message: "Shared code knows no feature." };
const composed = {
  group: ["@/components/*", "!@/components/ui"],
  message: "Primitives know nothing above them.",
};

export default tseslint.config(
  { ignores: ["dist", "e2e/.results", "src/api/schema.d.ts"] },
  js.configs.recommended,
  {
    files: ["**/*.{ts,tsx}"],
    extends: [tseslint.configs.recommendedTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/consistent-type-definitions": "off",
      "@typescript-eslint/no-misused-promises": ["error", { checksVoidReturn: { attributes: false } }],
      // The router's redirects and not-founds are thrown objects.
      "@typescript-eslint/only-throw-error": "off",
      "@typescript-eslint/prefer-nullish-coalescing": "off",
    },
  },
  {
    files: ["src/**/*.{ts,tsx}"],
    ...reactHooks.configs.flat.recommended,
    languageOptions: { globals: globals.browser },
  },
  { files: ["public/*.js"], languageOptions: { globals: globals.browser, sourceType: "script" } },
  { files: ["*.js"], languageOptions: { globals: globals.node } },
  forbid(
    ["src/lib/**", "src/api/**"],
    [app, anyFeature, { group: ["@/components/*"], message: "No components here." }],
  ),
  forbid(["src/components/**"], [app, anyFeature]),
  forbid(
    ["src/components/ui/**"],
    [app, anyFeature, composed, { group: ["@/api/*"], message: "No requests in primitives." }],
  ),
  ...features.map((feature) =>
    forbid(
      [`src/features/${feature}/**`],
      [
        app,
        {
          group: ["@/features/*", `!@/features/${feature}`],
          message:
            "Features never import each other; compose them in src/app/routes, or move what is shared below.",
        },
      ],
    ),
  ),
);
