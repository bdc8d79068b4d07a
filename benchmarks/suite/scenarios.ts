import type { BesidePeers } from './beside-peers.js';

/** A Dockerfile that does a bit of everything. */
export const fourRuns = (base: string): string => `FROM ${base}
WORKDIR /app
RUN printf 'int main(void) { return 0; }\\n' > main.c && gcc -o main main.c && ./main
RUN mkdir -p /etc/app && echo configured > /etc/app/config && chmod 0600 /etc/app/config
COPY src/ /app/src/
RUN cat src/*/*.txt | sha256sum > sums
RUN rm main.c && find src -name '*9.txt' -delete
CMD ["/app/main"]
`;
const manyFiles = (base: string): string => `FROM ${base}\nCOPY src/ /src/\nRUN ls -R /src | wc -l > /count\n`;

const large = { base: 'toolchain', files: 200, dockerfile: fourRuns } as const;
const many = { base: 'busybox', files: 16_000, dockerfile: manyFiles } as const;

/** The builds that are measured beside others, with the bars that Varve keeps to. */
export const besideScenarios: readonly BesidePeers[] = [
  {
    ...large,
    id: 'cold',
    title: 'a base of 45,000 files pulled, WORKDIR, four RUN, COPY of 200 files, pushed; empty stores',
    from: 'empty',
    bars: { buildah: 0.25, docker: 0.35 },
  },
  {
    ...large,
    id: 'base-there',
    title: 'the same with the base unpacked, --no-cache',
    from: 'base',
    bars: { buildah: 0.35, docker: 0.8 },
  },
  {
    ...large,
    id: 'cached',
    title: 'the same, all cached',
    from: 'cached',
    bars: { buildah: 0.75 },
    overNothing: 0.2,
  },
  {
    ...many,
    id: 'many-files',
    title: 'COPY of 16,000 files and a RUN, --no-cache',
    from: 'base',
    bars: { buildah: 0.5 },
  },
  { ...many, id: 'many-files-cached', title: 'the same, all cached', from: 'cached', bars: { buildah: 0.2 } },
];
