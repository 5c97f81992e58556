// Bundles src/ into ../assets. The first line of each asset holds the hash of what it was built from, which
// tests/explorer/test_assets.py computes again: so that assets are current can be checked without Node.
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const sources = [
  ...readdirSync(join(here, "src")).map((name) => `src/${name}`),
  "build.mjs",
  "package-lock.json",
  "package.json",
  "tsconfig.json",
].sort();
const hash = createHash("sha256");
for (const name of sources) hash.update(`${name}\0`).update(readFileSync(join(here, name))).update("\0");
const digest = hash.digest("hex");

const result = await build({
  absWorkingDir: here,
  bundle: true,
  charset: "utf8",
  entryPoints: { explorer: "src/main.tsx" },
  format: "iife",
  jsx: "automatic",
  jsxImportSource: "preact",
  legalComments: "none",
  minify: true,
  outdir: join(here, "../assets"),
  target: "es2022",
  write: false,
});
for (const file of result.outputFiles) {
  const text = `/* geosae explorer, built from sources ${digest}; holds preact, MIT, (c) Jason Miller */\n${file.text}`;
  writeFileSync(file.path, text);
  console.log(`${file.path}: ${text.length.toLocaleString("en")} characters`);
}
