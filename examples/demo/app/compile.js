// Stands for a compiler: reads the page and the message, writes what the service serves.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';

const page = readFileSync('page.html', 'utf8').replace('{{greeting}}', process.argv[2] ?? 'Hello');
mkdirSync('dist', { recursive: true });
writeFileSync('dist/page.html', page);
writeFileSync('dist/server.js', readFileSync('server.js'));
writeFileSync('dist/package.json', readFileSync('package.json'));
console.log(`node ${process.version} compiled ${page.length} characters`);
