import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

const page = readFileSync(new URL('page.html', import.meta.url));
if (process.argv.includes('--check')) {
  console.log(`a page of ${page.length} bytes is ready`);
} else {
  createServer((_request, response) => {
    response.setHeader('content-type', 'text/html; charset=utf-8');
    response.end(page);
  }).listen(8080);
}
