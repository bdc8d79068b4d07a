// Prints the SHA-256 of what gzip makes of a text of some ten blocks.
import { createHash } from 'node:crypto';
import { gzipCompressor } from '../src/layer/compress/gzip.js';

async function* text(): AsyncGenerator<Uint8Array> {
  for (let line = 0; line < 400_000; line += 1000)
    yield Buffer.from(Array.from({ length: 1000 }, (_, i) => `line ${line + i} of ${(line + i) * 7919}\n`).join(''));
}

const hash = createHash('sha256');
for await (const chunk of gzipCompressor({ level: 6 }).compress(text())) hash.update(chunk);
process.stdout.write(hash.digest('hex'));
