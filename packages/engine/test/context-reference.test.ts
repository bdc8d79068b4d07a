import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { answerGit, gitCredentials } from '../src/context/git/credentials.js';
import { describeGit, isGitReference, parseGitReference } from '../src/context/git/reference.js';

const plain = { submodules: true, keepGitDir: false };

describe('git references', () => {
  it('are told by their form', () => {
    const git = [
      'git://host/repo',
      'ssh://git@host/repo',
      'git@github.com:me/repo.git',
      'https://host/me/repo.git',
      'https://host/me/repo.git#main:sub',
      'https://host/me/repo.git?branch=x',
      'git+https://host/repo',
      'github.com/me/repo',
    ];
    const other = [
      '.',
      '/srv/repo.git',
      'https://host/x.tar.gz',
      'https://host/repo.git/x.tar',
      '-',
      'a@b',
      './git@x:y/z',
    ];
    assert.deepEqual(
      git.filter(text => !isGitReference(text)),
      [],
    );
    assert.deepEqual(other.filter(isGitReference), []);
  });

  it('are taken apart', () => {
    const cases: readonly (readonly [string, object])[] = [
      ['https://host/r.git', { remote: 'https://host/r.git', ...plain }],
      ['https://host/r.git#v1', { remote: 'https://host/r.git', ref: 'v1', ...plain }],
      ['https://host/r.git#v1:a/b', { remote: 'https://host/r.git', ref: 'v1', subdir: 'a/b', ...plain }],
      ['https://host/r.git#:a', { remote: 'https://host/r.git', subdir: 'a', ...plain }],
      ['git@host:me/r.git#v1', { remote: 'git@host:me/r.git', ref: 'v1', ...plain }],
      [
        'git://host/r#refs/heads/x#0123456',
        { remote: 'git://host/r', ref: 'refs/heads/x', commit: '0123456', ...plain },
      ],
      ['github.com/me/r', { remote: 'https://github.com/me/r', ...plain }],
      ['git+https://host/r', { remote: 'https://host/r', ...plain }],
      [
        'https://host/r.git?tag=v1&subdir=d&submodules=false&keep-git-dir=1',
        { remote: 'https://host/r.git', ref: 'refs/tags/v1', subdir: 'd', submodules: false, keepGitDir: true },
      ],
      ['https://me:pa%40ss@host/r.git', { remote: 'https://host/r.git', user: 'me', password: 'pa@ss', ...plain }],
      ['ssh://git:x@host/r.git', { remote: 'ssh://git@host/r.git', ...plain }],
    ];
    for (const [text, parsed] of cases) assert.deepEqual(parseGitReference(text), parsed, text);
  });

  it('are refused where git would take them for something else', () => {
    for (const text of [
      'https://host/r.git#--upload-pack=x',
      'https://host/r.git#a..b',
      'https://host/r.git?branch=a b',
      'https://host/r.git?what=1',
      'https://host/r.git?ref=a&tag=b',
      'https://host/r.git#ok#-x',
    ])
      assert.throws(() => parseGitReference(text), { code: 'E_CONTEXT_INVALID' }, text);
  });

  it('may have a percent sign in the password', () => {
    assert.equal(parseGitReference('https://me:50%25@host/r.git').password, '50%');
    assert.equal(parseGitReference('https://me:50%@host/r.git').password, '50%');
  });

  it('are shown without what is secret', () => {
    assert.equal(describeGit(parseGitReference('https://me:secret@host/r.git#v1:d')), 'https://host/r.git#v1:d');
  });
});

describe('git credentials', () => {
  const reference = parseGitReference('https://git.lan:8443/r.git');
  const of = { host: 'git.lan:8443', protocol: 'https:' };
  const secrets =
    (given: Readonly<Record<string, string>>) =>
    async (id: string): Promise<Uint8Array | undefined> =>
      given[id] === undefined ? undefined : Buffer.from(given[id]);

  it('come from the URL, from secrets and variables as for BuildKit, from kaniko’s', async () => {
    const env = { GIT_AUTH_TOKEN: 't', 'GIT_AUTH_TOKEN.git.lan:8443': 'own' };
    const inUrl = parseGitReference('https://u:p@git.lan:8443/r.git');
    const given = secrets({ GIT_AUTH_TOKEN: ' secret\n' });
    const own = secrets({ GIT_AUTH_TOKEN: 'secret', 'GIT_AUTH_TOKEN.git.lan:8443': 'own secret' });
    const account = { GIT_USERNAME: 'me', GIT_PASSWORD: 'pw' };
    const lone = parseGitReference('https://t0ken@git.lan:8443/r.git');
    const cases = [
      [gitCredentials(inUrl, env, given), { ...of, user: 'u', password: 'p' }],
      [gitCredentials(reference, env, given), { ...of, user: 'x-access-token', password: 'secret' }],
      [gitCredentials(reference, env, own), { ...of, user: 'x-access-token', password: 'own secret' }],
      [gitCredentials(reference, env, secrets({})), { ...of, user: 'x-access-token', password: 'own' }],
      [gitCredentials(reference, account, undefined), { ...of, user: 'me', password: 'pw' }],
      [
        gitCredentials(reference, { GIT_TOKEN: 't', GIT_PASSWORD: 'pw' }, undefined),
        { ...of, user: 'x-access-token', password: 't' },
      ],
      [gitCredentials(lone, {}, undefined), { ...of, user: 't0ken', password: '' }],
      [gitCredentials(reference, {}, undefined), undefined],
      [gitCredentials(parseGitReference('ssh://git@host/r'), env, given), undefined],
    ] as const;
    for (const [found, expected] of cases) assert.deepEqual(await found, expected);
  });

  it('answer the server of the repository and nobody else', () => {
    const credentials = { ...of, user: 'u', password: 'p' };
    assert.equal(answerGit("Username for 'https://git.lan:8443': ", credentials), 'u');
    assert.equal(answerGit("Password for 'https://u@git.lan:8443': ", credentials), 'p');
    for (const question of [
      "Password for 'https://u@evil.lan': ",
      "Password for 'https://git.lan': ",
      "Password for 'http://u@git.lan:8443': ",
      'Enter passphrase: ',
      "Password for 'https://git.lan:8443@evil.lan': ",
    ])
      assert.equal(answerGit(question, credentials), undefined, question);
    const plain = { ...credentials, protocol: 'http:' };
    assert.equal(answerGit("Password for 'http://u@git.lan:8443': ", plain), 'p');
    assert.equal(answerGit("Password for 'https://u@git.lan:8443': ", plain), 'p');
  });
});
