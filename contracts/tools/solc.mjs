#!/usr/bin/env -S node --stack-size=8000
// The `solc` that foundry.toml names: the compiler of the `solc` npm package behind the two calls Forge makes,
// `solc --version` and `solc --standard-json < input`. The JSON goes through `_solidity_alloc` and
// `_solidity_compile` directly: the package's own path copies it onto the WebAssembly stack (ccall), which
// overflows above about 1.3 MB of input. For the same reason node runs with a larger stack.
import { createRequire } from "node:module";
import { readFileSync, writeSync } from "node:fs";

const soljson = createRequire(import.meta.url)("solc/soljson.js");

function readString(pointer) {
  let end = pointer;
  while (soljson.HEAPU8[end] !== 0) end += 1;
  return Buffer.from(soljson.HEAPU8.subarray(pointer, end)).toString("utf8");
}

/**
 * Solady marks assembly with a comment that solc warns about, each time. After 256 warnings solc reports no more, ours among
 * them: the comment becomes what it stands for, in as many bytes, so that positions stay.
 */
function annotateAssembly(json) {
  const comment = "/// @solidity memory-safe-assembly";
  const annotation = ' (\\"memory-safe\\")';
  // A quotation mark is one byte of the source, and two of the JSON.
  const rest = " ".repeat(comment.length - annotation.length + 2);
  return json.replaceAll(new RegExp(`${comment}((?:\\\\n)+ *)assembly \\{`, "g"), `${rest}$1assembly${annotation} {`);
}

function compile(input) {
  const bytes = Buffer.from(annotateAssembly(input), "utf8");
  const pointer = soljson._solidity_alloc(bytes.length + 1);
  soljson.HEAPU8.set(bytes, pointer);
  soljson.HEAPU8[pointer + bytes.length] = 0;
  return readString(soljson._solidity_compile(pointer, 0, 0));
}

/** Writes all of `text`: a pipe takes it in parts, and may ask to be tried again. */
function print(text) {
  let rest = Buffer.from(text, "utf8");
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(1, rest));
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
    }
  }
}

if (process.argv.includes("--version")) {
  print(`solc, the solidity compiler commandline interface\nVersion: ${readString(soljson._solidity_version())}\n`);
} else if (process.argv.includes("--standard-json")) {
  print(compile(readFileSync(0, "utf8")));
} else {
  process.stderr.write("solc.mjs: only --version and --standard-json are supported\n");
  process.exitCode = 1;
}
