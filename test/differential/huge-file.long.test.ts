import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, readFileSync, statfsSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { configFacts } from '../rig/image-facts.js';
import { need } from '../rig/need.js';
import { must } from '../rig/run.js';
import { transcript, varveWith } from '../rig/varve.js';
import { openWorkbench, type Workbench } from '../rig/workbench.js';

const gib = 2 ** 30;
/** The octal digits of a tar's header count up to 8 GiB. */
const size = 9 * gib;
const end = 'the end\n';
const limit = { timeout: 3_000_000 };

/** Prints of each layer the files, with size by the header, size as read and last bytes, and then the digest of the tar. */
const readLayers = `
import hashlib, subprocess, sys, tarfile

class Hashed:
    def __init__(self, file):
        self.file, self.hash = file, hashlib.sha256()

    def read(self, size):
        data = self.file.read(size)
        self.hash.update(data)
        return data

for path in sys.argv[1:]:
    source = Hashed(subprocess.Popen(["gzip", "-dc", path], stdout=subprocess.PIPE).stdout)
    with tarfile.open(fileobj=source, mode="r|", bufsize=1 << 20) as archive:
        for member in archive:
            if member.isfile():
                file, size, last = archive.extractfile(member), 0, b""
                while chunk := file.read(1 << 20):
                    size, last = size + len(chunk), (last + chunk)[-8:]
                print(member.name, member.size, size, last.decode().strip())
    while source.read(1 << 20):
        pass
    print("sha256:" + source.hash.hexdigest())
`;

describe('a file larger than the header of a tar can say', { skip: need('linux', 'root', 'python3') }, () => {
  let bench: Workbench;

  before(() => {
    bench = openWorkbench('huge');
  });
  after(() => bench?.close());

  test('is copied from the context and from a stage, and comes out of a sparse archive', limit, async t => {
    const { bavail, bsize } = statfsSync(bench.folder);
    if (bavail * bsize < 60 * gib) return t.skip('needs 60 GiB of room');
    const context = bench.path('context');
    makeHuge(join(context, 'huge'));
    const packed = ['--sparse', '--file', join(context, 'sparse.tar'), '--directory', context, 'huge'];
    await must('tar', ['--create', ...packed], limit);
    const copies = 'FROM scratch AS made\nCOPY huge /d/\nFROM scratch\nCOPY --from=made /d /stage/\n';
    writeFileSync(join(context, 'Dockerfile'), `${copies}ADD sparse.tar /archive/\n`);
    const layout = bench.path('layout');
    const outcome = await varveWith(bench.path('store'))(['build', context, '-o', `type=oci,dest=${layout}`], limit);
    assert.equal(outcome.code, 0, transcript(outcome));

    const { rootfs } = await configFacts(`oci:${layout}`);
    const read = await must('python3', ['-c', readLayers, ...layersOf(layout)], limit);
    const [ofStage, ofArchive] = rootfs.diff_ids;
    const facts = `${size} ${size} ${end}`;
    assert.equal(read, `stage/huge ${facts}${ofStage}\narchive/huge ${facts}${ofArchive}\n`);
  });
});

function makeHuge(path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, '');
  truncateSync(path, size - end.length);
  appendFileSync(path, end);
}

/** Files of an image's layers, the lowest first. */
function layersOf(layout: string): string[] {
  const blob = (digest: string): string => join(layout, 'blobs', digest.replace(':', '/'));
  const index = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8'));
  const { layers } = JSON.parse(readFileSync(blob(index.manifests[0].digest), 'utf8'));
  return layers.map(({ digest }: { readonly digest: string }) => blob(digest));
}
