// A server for the examples' pages: `node serve.mjs FOLDER [PORT]`. Any other will do as well, if it sends the two headers below where memory is
// shared, and calls `.wasm` what it is.

import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import { pipeline } from 'node:stream'
import { extname, join, normalize } from 'node:path'
import { argv } from 'node:process'
import { fileURLToPath } from 'node:url'

const TYPES = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.png': 'image/png',
  '.wasm': 'application/wasm',
}

/** With these two a page may share memory with its workers: it has nothing in it from elsewhere that didn't agree to that. */
const ISOLATED = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
}

/** A server of this folder's files, once it listens. With a port of 0 it takes any. */
export async function serve(folder, port, headers = ISOLATED) {
  const server = createServer(async ({ url }, answer) => {
    try {
      // `normalize` leaves no `..` behind a leading slash, so nothing outside is served.
      let path = join(folder, normalize(decodeURIComponent(new URL(url, 'http://localhost').pathname)))
      if ((await stat(path)).isDirectory()) path = join(path, 'index.html')
      const { size } = await stat(path)
      answer.writeHead(200, { 'Content-Type': TYPES[extname(path)] ?? 'application/octet-stream', 'Content-Length': size, ...headers })
      // A file that is gone by now ends this answer, and not the server.
      pipeline(createReadStream(path), answer, () => {})
    } catch {
      answer.writeHead(404, headers).end('there is no such file\n')
    }
  })
  await new Promise((done, failed) => server.once('error', failed).listen(port, '127.0.0.1', done))
  return server
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const [, , folder, port = '8080'] = argv
  if (folder === undefined) {
    console.error('usage: node serve.mjs FOLDER [PORT]')
    process.exit(2)
  }
  try {
    const server = await serve(folder, Number(port))
    console.log(`open http://localhost:${server.address().port}/ (end with Ctrl-C)`)
  } catch (error) {
    console.error(error.code === 'EADDRINUSE' ? `port ${port} is taken: name another one behind the folder` : error.message)
    process.exit(1)
  }
}
