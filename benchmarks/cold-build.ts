// A cold build beside Buildah: a large base pulled, WORKDIR, four RUN, a COPY of 200 files, CMD, pushed; stores on tmpfs.
//   npm run bench:cold [-- --rounds=3] [-- --json=FILE] [-- --only=varve]
import { mkdirSync, writeFileSync } from 'node:fs';
import { runScenario } from './beside-buildah.js';

await runScenario({
  name: 'cold-build',
  base: 'toolchain',
  dockerfile: base => `FROM ${base}
WORKDIR /app
RUN printf 'int main(void) { return 0; }\\n' > main.c && gcc -o main main.c && ./main
RUN mkdir -p /etc/app && echo configured > /etc/app/config && chmod 0600 /etc/app/config
COPY src/ /app/src/
RUN cat src/*.txt | sha256sum > sums
RUN rm main.c && find src -name '*9.txt' -delete
CMD ["/app/main"]
`,
  context: writeSources,
  dir: '/dev/shm',
  ratioLimit: 0.4,
  memoryLimit: 250e6,
});

function writeSources(dir: string): void {
  mkdirSync(`${dir}/src`);
  for (let index = 0; index < 200; index += 1) {
    writeFileSync(`${dir}/src/file-${index}.txt`, `${index}: ${'some text in a file. '.repeat(100)}\n`);
  }
}
