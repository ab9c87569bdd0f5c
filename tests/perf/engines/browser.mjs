// Runs modules in Chromium: node browser.mjs CHROMIUM MODULE ...
//
// It reads lines and answers each with a line, as run.mjs does. The page gets a line when it asks for one, and sends the answer back.

import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";

const [chromium, ...modules] = process.argv.slice(2);
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

const here = (name) => readFileSync(new URL(name, import.meta.url));
const script = (body) => ["text/javascript", body];
const files = {
  "/": () => ["text/html", '<!doctype html><script type="module">new Worker("/worker.mjs", { type: "module" });</script>'],
  "/worker.mjs": () => script(here("worker.mjs")),
  "/rows.mjs": () => script(here("rows.mjs")),
  "/modules": () => ["application/json", JSON.stringify(modules.map((_, at) => `/modules/${at}`))],
  "/request": async () => {
    const { value, done } = await lines.next();
    return done ? stop() : ["text/plain", value];
  },
  "/answer": async (request) => {
    console.log(await text(request));
    return ["text/plain", ""];
  },
};
modules.forEach((path, at) => (files[`/modules/${at}`] = () => ["application/wasm", readFileSync(path)]));

const server = createServer(async (request, response) => {
  const file = files[request.url];
  const [type, body] = file ? await file(request) : ["text/plain", ""];
  // With these the page is isolated: its clock ticks every 5 µs, not 100.
  response.writeHead(file ? 200 : 404, {
    "Content-Type": type,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
  });
  response.end(body);
});
await new Promise((listening) => server.listen(0, "127.0.0.1", listening));

const profile = mkdtempSync(join(tmpdir(), "freehold-perf-"));
const browser = spawn(
  chromium,
  [
    "--headless=new",
    "--no-sandbox",
    "--no-first-run",
    "--disable-gpu",
    "--disable-extensions",
    // Its process has the priority of a page that somebody looks at.
    "--disable-renderer-backgrounding",
    "--disable-backgrounding-occluded-windows",
    "--js-flags=--expose-gc",
    `--user-data-dir=${profile}`,
    // Nobody speaks to it; but when the pipe ends, as it does however this process does, so does the browser.
    "--remote-debugging-pipe",
    `http://127.0.0.1:${server.address().port}/`,
  ],
  { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] },
);
browser.on("exit", () => {
  rmSync(profile, { recursive: true, force: true, maxRetries: 10 });
  process.exit();
});

function stop() {
  browser.kill();
  return new Promise(() => {});
}
