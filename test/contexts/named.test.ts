import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { noise, sampleImage, type TestCertificates } from '@varve/oci/testing';
import { makeHome } from '../rig/client-home.js';
import { startFileServer } from '../rig/file-server.js';
import { startGitServer } from '../rig/git-server.js';
import { need } from '../rig/need.js';
import { certificates, pushImage, startStrictRegistry } from '../rig/oci-services.js';
import { must } from '../rig/run.js';
import { transcript, type Varve, varveWith } from '../rig/varve.js';
import { openWorkbench, type Workbench } from '../rig/workbench.js';
import { makeProjectRepositories, packProject, writeProject } from './project.js';

const skip = need('linux', 'git', 'registry', 'openssl', 'skopeo');

describe('named contexts', { skip }, () => {
  let bench: Workbench;
  let varve: Varve;
  let made: TestCertificates;
  /** References by what they are. */
  let files: Readonly<Record<string, string>>;
  let images: Readonly<Record<string, string>>;

  before(async () => {
    bench = openWorkbench('named-contexts');
    varve = varveWith(bench.path('store'));
    made = await certificates();
    writeFileSync(bench.path('ca.pem'), made.ca);
    writeProject(bench.path('project'));
    await packProject(bench.path('project'), bench.path('project.tar'));
    await packProject(bench.path('project'), bench.path('project.tgz'), '--gzip');
    await makeProjectRepositories(bench, bench.path('repositories'));
    const server = await startFileServer(bench);
    server.offer('/project.tgz', { body: readFileSync(bench.path('project.tgz')) });
    const http = await startGitServer(bench, bench.path('repositories'));
    const https = await startGitServer(bench, bench.path('repositories'), { tls: made });
    files = {
      folder: bench.path('project'),
      tar: bench.path('project.tar'),
      'tar.gz': bench.path('project.tgz'),
      'tar by http': `${server.url}/project.tgz`,
      'git by http': `${http.url}/app.git#v1`,
      'git by https, a folder of it': `${https.url}/app.git#main:sub`,
    };
    const registry = await startStrictRegistry(bench);
    const name = `${registry.host}/files:1`;
    const pushed = await pushImage(
      name,
      await sampleImage({ layers: [{ 'deep/er/file': 'deep\n', noise: noise(2000) }] }),
    );
    const copy = ['--insecure-policy', 'copy', '--quiet', '--src-tls-verify=false', `docker://${name}`];
    await must('skopeo', [...copy, `oci:${bench.path('layout')}:tagged`]);
    images = {
      'docker-image': `docker-image://${name}`,
      'oci-layout by name': `oci-layout://${bench.path('layout')}:tagged`,
      'oci-layout with one image': `oci-layout://${bench.path('layout')}`,
      'oci-layout by name and digest': `oci-layout://${bench.path('layout')}:tagged@${pushed.digest}`,
    };
  });
  after(() => bench?.close());

  async function digest(text: string, reference: string): Promise<string> {
    const output = ['-o', `type=tar,dest=${bench.path('image.tar')}`, '--build-context', `other=${reference}`];
    const outcome = await varve(['build', '-', ...output], {
      env: {
        ...makeHome(bench.path('home')).env,
        SSL_CERT_FILE: bench.path('ca.pem'),
        SOURCE_DATE_EPOCH: '1000000000',
      },
      input: text,
    });
    assert.equal(outcome.code, 0, transcript(outcome));
    return outcome.stdout.trim();
  }

  test('files give the same image wherever they come from, as source and as base', async () => {
    const source = new Map<string, string>();
    const base = new Map<string, string>();
    for (const [kind, reference] of Object.entries(files)) {
      source.set(kind, await digest('FROM scratch\nCOPY --from=other deep /deep\n', reference));
      base.set(kind, await digest('FROM other AS files\nFROM scratch\nCOPY --from=files /tool /\n', reference));
    }
    for (const found of [source, base]) assert.equal(new Set(found.values()).size, 1, JSON.stringify([...found]));
  });

  test('images give the same image wherever they come from, as source and as base', async () => {
    const source = new Set<string>();
    const base = new Set<string>();
    for (const reference of Object.values(images)) {
      source.add(await digest('FROM scratch\nCOPY --from=other /deep /deep\n', reference));
      base.add(await digest('FROM other\nLABEL more=yes\n', reference));
    }
    assert.equal(source.size, 1);
    assert.equal(base.size, 1);
  });
});
