import type { FlagGroup, FlagSpec } from './flag-spec.js';

type Row = readonly [name: string, placeholder: string, summary: string, char?: string];

const rowsOf =
  (kind: 'value' | 'list', group: FlagGroup) =>
  (...rows: readonly Row[]): readonly FlagSpec[] =>
    rows.map(([name, placeholder, summary, char]) => ({
      name,
      kind,
      placeholder,
      group,
      summary,
      // Several targets have a meaning of their own in kaniko.
      ...(kind === 'value' && name !== 'target' ? { lastCounts: true } : {}),
      ...(char === undefined ? {} : { char }),
    }));

const switches = (group: FlagGroup, ...rows: readonly (readonly [name: string, summary: string])[]) =>
  rows.map(([name, summary]): FlagSpec => ({ name, kind: 'switch', group, summary }));

const means = 'Means nothing here:';

const input = [
  ...rowsOf('value', 'What to build')(
    ['dockerfile', 'FILE', 'Dockerfile, from the working directory, else in the context [default: Dockerfile]', 'f'],
    ['context', 'CONTEXT', 'A folder, dir://, tar:// (tar://stdin), git:// or http(s):// [default: /workspace/]', 'c'],
    ['context-sub-path', 'DIR', 'Folder of the context that is the context'],
    ['target', 'STAGE', 'Stage to build [default: the last one]'],
    ['custom-platform', 'OS/ARCH', 'Platform of the image [default: that of this machine]'],
    ['customPlatform', 'OS/ARCH', 'Old name of --custom-platform'],
    ['bucket', 'NAME', 'Not supported: contexts in buckets need a cloud SDK', 'b'],
  ),
  ...rowsOf('list', 'What to build')(
    ['build-arg', 'NAME[=VALUE]', 'Value of an ARG; without =VALUE that of the environment, or empty. Repeatable'],
    [
      'git',
      'KEY=VALUE',
      'How a git context is cloned: branch, recurse-submodules, single-branch, depth, insecure-skip-tls. Repeatable',
    ],
    ['secret', 'id=ID[,src=FILE|,env=NAME]', 'A secret for RUN --mount=type=secret. Repeatable'],
    ['ignore-path', 'PATH', 'Leave what RUN changes there out of the image. Repeatable'],
  ),
  ...switches('What to build', ['skip-unused-stages', `${means} stages that the target does not need are never built`]),
];

const output = [
  ...rowsOf('list', 'What comes out')(
    ['destination', 'HOST/NAME[:TAG]', 'Where to push the image. Repeatable', 'd'],
    ['label', 'NAME=VALUE', "Label in the image's configuration. Repeatable"],
    ['annotation', 'NAME=VALUE', 'Annotation on the manifest. Repeatable'],
  ),
  ...rowsOf('value', 'What comes out')(
    ['tar-path', 'FILE', 'Write a docker archive'],
    ['tarPath', 'FILE', 'Old name of --tar-path'],
    ['oci-layout-path', 'DIR', 'Write an OCI image layout'],
    ['digest-file', 'FILE', 'Write the digest of the image to a file'],
    ['image-name-with-digest-file', 'FILE', 'Write HOST/NAME@DIGEST to a file, a line for each destination'],
    ['image-name-tag-with-digest-file', 'FILE', 'Write HOST/NAME:TAG@DIGEST to a file, a line for each destination'],
    ['compression', 'gzip|zstd', 'How new layers are compressed [default: gzip]'],
    ['compression-level', 'N', "How hard, in the algorithm's own levels; -1 is its default [default: -1]"],
    ['image-format', 'oci|docker', 'Media types of the manifest [default: oci]'],
  ),
  ...switches(
    'What comes out',
    ['no-push', 'Push nothing'],
    ['reproducible', 'Set all times to 1970, as SOURCE_DATE_EPOCH=0 does'],
    ['single-snapshot', 'Make one layer on top of the base, as varve build --squash does'],
    ['push-ignore-immutable-tag-errors', 'Not supported: a push that a registry refuses fails'],
    ['force-build-metadata', `${means} what changes no files makes no layer, but is in the configuration`],
  ),
];

const cache = [
  ...switches(
    'Cache',
    ['cache', 'Remember steps in a registry'],
    ['cache-run-layers', 'With =false, remember nothing: only RUN takes time [default: true]'],
    ['cache-copy-layers', `${means} COPY is remembered as RUN is`],
    ['no-push-cache', 'Read the cache and write nothing to it'],
    ['compressed-caching', `${means} remembered layers are those of the image`],
  ),
  ...rowsOf('value', 'Cache')(
    ['cache-repo', 'HOST/NAME', 'Repository of the cache; oci:DIR keeps it in a folder [default: DESTINATION/cache]'],
    ['cache-dir', 'DIR', 'Folder that varve kaniko warmer has filled with base images [default: /cache]'],
    ['cache-ttl', 'SPAN', 'How long a remembered step counts, such as 6h [default: 336h]'],
  ),
];

const snapshots = [
  ...rowsOf('value', 'How steps run')(
    ['snapshot-mode', 'full|redo|time', `${means} changes are found exactly, and in the time of the quickest mode`],
    ['snapshotMode', 'full|redo|time', 'Old name of --snapshot-mode'],
    ['image-fs-extract-retry', 'N', `${means} what breaks off is taken up again`],
    ['kaniko-dir', 'DIR', 'Folder for files of the build [default: $KANIKO_DIR]'],
  ),
  ...switches(
    'How steps run',
    ['use-new-run', `${means} changes are found exactly, without reading every file`],
    ['ignore-var-run', 'Leave what RUN changes in /var/run out of the image [default: false]'],
    ['whitelist-var-run', 'Old name of --ignore-var-run'],
    ['force', `${means} it builds outside of a container, too`],
    ['cleanup', `${means} nothing is left behind in any case`],
    ['pre-cleanup', `${means} steps do not run in the container's own files`],
    ['preserve-context', `${means} stages do not see the context's files`],
    ['materialize', `${means} no image is ever left unpacked`],
  ),
];

const logging = [
  ...rowsOf('value', 'What is shown')(
    ['verbosity', 'LEVEL', 'panic, fatal, error: only the error; warn, info, debug, trace: all [default: info]', 'v'],
    ['log-format', 'text|color|json', 'Lines, colours where they can be shown, or JSON [default: color]'],
  ),
  ...switches(
    'What is shown',
    ['log-timestamp', `${means} times are in --log-format json`],
    ['dryrun', 'Build nothing: print what would be done'],
  ),
];

/** How registries are reached: of `varve kaniko` and its warmer. */
const registries = [
  ...switches(
    'Registries',
    ['insecure-pull', 'Pull by plain HTTP, or unverified HTTPS, from any registry'],
    ['skip-tls-verify-pull', 'Pull from any registry, whatever its certificate is'],
    ['skip-default-registry-fallback', 'Fail where no mirror has an image, instead of asking the registry itself'],
  ),
  ...rowsOf('list', 'Registries')(
    ['insecure-registry', 'HOST[:PORT]', 'Talk plain HTTP or unverified HTTPS to this registry. Repeatable'],
    ['skip-tls-verify-registry', 'HOST[:PORT]', 'Talk HTTPS to this registry, whatever its certificate is. Repeatable'],
    ['registry-certificate', 'HOST[:PORT]=FILE', 'Trust the authorities in FILE for this registry. Repeatable'],
    ['registry-client-cert', 'HOST[:PORT]=CERT,KEY', 'Show this certificate to a registry that wants one. Repeatable'],
    ['registry-mirror', 'HOST[:PORT][/PATH]', 'Pull from here what is of Docker Hub. Repeatable'],
    ['registry-map', 'HOST=MIRROR[;HOST=MIRROR…]', 'Pull from MIRROR what is of HOST. Repeatable'],
  ),
];

const pushing = [
  ...switches(
    'Registries',
    ['insecure', 'Push by plain HTTP, or unverified HTTPS'],
    ['skip-tls-verify', 'Push by HTTPS, whatever the certificate is'],
    ['skip-push-permission-check', `${means} nothing is asked of a registry in advance`],
  ),
  ...rowsOf('value', 'Registries')(
    ['push-retry', 'N', `${means} what may pass is tried again, five times and more`],
    ['image-download-retry', 'N', `${means} what may pass is tried again, five times and more`],
    ['azure-container-registry-config', 'FILE', `${means} credentials are those of config.json and its helpers`],
  ),
  ...rowsOf(
    'list',
    'Registries',
  )([
    'credential-helpers',
    'NAME',
    `${means} credentials are those of config.json, its helpers, and a job of GitLab CI. Repeatable`,
  ]),
];

/** All flags of `varve kaniko`: those of kaniko's executor, its old names among them. */
export const kanikoFlags: readonly FlagSpec[] = [
  ...input,
  ...output,
  ...cache,
  ...snapshots,
  ...registries,
  ...pushing,
  ...logging,
];

/** All flags of `varve kaniko warmer`: those of kaniko's warmer. */
export const warmerFlags: readonly FlagSpec[] = [
  ...rowsOf('list', 'What to copy')(
    ['image', 'REF', 'Image to copy. Repeatable', 'i'],
    ['build-arg', 'NAME[=VALUE]', 'Value of an ARG that a FROM of the Dockerfile uses. Repeatable'],
  ),
  ...rowsOf('value', 'What to copy')(
    ['dockerfile', 'FILE', 'Copy the images that the stages of this Dockerfile begin with', 'd'],
    ['customPlatform', 'OS/ARCH', 'Platform of the images [default: that of this machine]'],
  ),
  ...rowsOf('value', 'Cache')(
    ['cache-dir', 'DIR', 'Folder to fill [default: /cache]', 'c'],
    ['cache-ttl', 'SPAN', `${means} images are asked for at their registries, and only new layers are copied`],
  ),
  {
    name: 'force',
    char: 'f',
    kind: 'switch',
    group: 'Cache',
    summary: `${means} layers are known by their digests`,
  },
  ...registries,
  ...logging.filter(({ name }) => name !== 'dryrun'),
];
