// A RUN that writes 100,000 small files, then two small RUNs, on a Debian base, pushed, beside Buildah; stores on disk.
//   npm run bench:many-files [-- --rounds=3] [-- --json=FILE] [-- --only=varve] [-- --dir=/dev/shm] [-- --snapshot=full]
import { tmpdir } from 'node:os';
import { runScenario } from './beside-buildah.js';

const writeFiles = `for my $d (0..999) { mkdir "/srv/many/$d"; for my $f (0..99) {
  open(my $h, ">", "/srv/many/$d/file-$f.txt") or die; print $h "file $f of folder $d\\n"; close $h } }`;

await runScenario({
  name: 'many-files',
  base: 'debian',
  dockerfile: base => `FROM ${base}
RUN mkdir /srv/many && perl -e '${writeFiles.replaceAll('\n', ' ')}'
RUN echo one > /etc/one
RUN echo two > /etc/two && rm /srv/many/7/file-7.txt
`,
  dir: tmpdir(),
  ratioLimit: 0.5,
});
