import assert from 'node:assert/strict';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { copyImage, createRegistryClient, openLayout, parseReference } from '@varve/oci';
import type { DockerRegistry, TestCertificates } from '@varve/oci/testing';
import { baseLayout } from '../rig/bases.js';
import { stepsThatRan, toldErrors } from '../rig/build-events.js';
import { type ClientHome, makeHome } from '../rig/client-home.js';
import { type GitServer, makeRepository, startGitServer } from '../rig/git-server.js';
import { need } from '../rig/need.js';
import { certificates, pulledDigest, startStrictRegistry } from '../rig/oci-services.js';
import { openPodman, podmanRunFlags } from '../rig/podman.js';
import { inRepository } from '../rig/repository.js';
import { transcript, type VarveOutcome, varveWith } from '../rig/varve.js';
import { openWorkbench, type Workbench } from '../rig/workbench.js';

const skip = need('linux', 'root', 'git', 'registry', 'htpasswd', 'openssl', 'podman', 'umoci', 'busybox');
const account = { username: 'your-name', password: 'your-pword-Hq82kd' };

describe("kaniko's tutorial: a repository is built and pushed with mounted credentials, pulled and run", {
  skip,
}, () => {
  let bench: Workbench;
  let registry: DockerRegistry;
  let made: TestCertificates;
  let git: GitServer;
  let home: ClientHome;
  let destination: string;
  let built: VarveOutcome;

  before(async () => {
    bench = openWorkbench('kaniko-tutorial');
    // Prerequisites: a registry with an account.
    made = await certificates();
    writeFileSync(bench.path('ca.pem'), made.ca);
    registry = await startStrictRegistry(bench, { auth: account, tls: made });
    destination = `${registry.host}/${account.username}/hello:latest`;
    await pushBase();
    // Prepare the context: a Dockerfile, in a repository.
    await makeRepository(bench.path(), 'hello', [
      folder => {
        cpSync(inRepository('test/registries/tutorial'), folder, { recursive: true });
        const text = readFileSync(`${folder}/Dockerfile`, 'utf8');
        writeFileSync(`${folder}/dockerfile`, text.replaceAll('registry.test', registry.host));
      },
    ]);
    git = await startGitServer(bench, bench.path());
    // Create a Secret that holds your authorization token: as kubectl create secret docker-registry writes it.
    home = makeHome(bench.path('home'));
    home.logIn({
      [registry.host]: {
        ...account,
        email: 'your-email@example.test',
        auth: Buffer.from(`${account.username}:${account.password}`).toString('base64'),
      },
    });
    built = await build(['--registry-certificate', `${registry.host}=${bench.path('ca.pem')}`]);
  });
  after(() => bench?.close());

  async function pushBase(): Promise<void> {
    const client = createRegistryClient({
      credentials: { lookup: () => Promise.resolve(account) },
      certs: { [registry.host]: { ca: made.ca } },
    });
    const store = await openLayout(await baseLayout('busybox'));
    const references = [parseReference(`${registry.host}/busybox:latest`)];
    await copyImage({ from: { kind: 'store', store }, to: { kind: 'registry', client, references } });
    await client.close();
  }

  /** Create the pod: `--dockerfile`, `--context`, `--destination`, and the Secret mounted where config.json is looked for. */
  function build(trust: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<VarveOutcome> {
    const context = `${git.url}/hello.git#refs/heads/main`;
    const flags = ['-f', 'dockerfile', '-t', destination, '--push', '--progress', 'json', ...trust];
    return varveWith(bench.path('store'))(['build', context, ...flags], { env: { ...home.env, ...env } });
  }

  test('it is built and pushed', async () => {
    assert.equal(built.code, 0, transcript(built));
    assert.ok(stepsThatRan(built).length >= 7, transcript(built));
    const access = {
      credentials: { lookup: () => Promise.resolve(account) },
      certs: { [registry.host]: { ca: made.ca } },
    };
    assert.equal(await pulledDigest(destination, access), built.stdout.trim());
  });

  test('pull the image and test', async () => {
    const podman = openPodman(bench);
    home.trust(registry.host, { 'ca.crt': made.ca });
    const access = [...['--cert-dir', home.certDir(registry.host), '--authfile', `${home.dockerConfig}/config.json`]];
    await podman.must(['pull', '--quiet', ...access, destination]);
    const said = await podman.must(['run', '--rm', '--network', 'none', ...podmanRunFlags, destination]);
    assert.equal(said, 'from hello stages three\n');
  });

  test('again, with the authority in certs.d: nothing runs', async () => {
    const again = await build([]);
    assert.equal(again.code, 0, transcript(again));
    assert.deepEqual(stepsThatRan(again), []);
    assert.equal(again.stdout, built.stdout);
  });

  test('without the Secret it says that credentials are missing', async () => {
    const empty = makeHome(bench.path('empty'));
    empty.trust(registry.host, { 'ca.crt': made.ca });
    const outcome = await varveWith(bench.path('other-store'))(
      ['build', `${git.url}/hello.git`, '-f', 'dockerfile', '-t', destination, '--push', '--progress', 'json'],
      { env: empty.env },
    );
    assert.equal(outcome.code, 1, transcript(outcome));
    const [error] = toldErrors(outcome);
    assert.equal(error?.code, 'E_UNAUTHORIZED', transcript(outcome));
    assert.match(error?.hint ?? '', /log in to 127\.0\.0\.1/);
  });
});
