// Runs modules in node or bun: node run.mjs MODULE ...
//
// It reads lines and answers each with a line.

import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

import { answers } from "./rows.mjs";

const answer = answers(process.argv.slice(2).map((path) => new WebAssembly.Module(readFileSync(path))));

for await (const line of createInterface({ input: process.stdin })) console.log(answer(line));
