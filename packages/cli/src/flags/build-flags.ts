import type { FlagSpec } from './flag-spec.js';
import { registryFlags } from './registry-flags.js';

/** Flags that say what is built: shared by `build` and `plan`. */
const inputFlags: readonly FlagSpec[] = [
  {
    name: 'file',
    char: 'f',
    kind: 'value',
    placeholder: 'FILE',
    group: 'What to build',
    summary:
      'Dockerfile, relative to the working directory; - reads it from standard input [default: CONTEXT/Dockerfile]',
  },
  {
    name: 'target',
    kind: 'value',
    placeholder: 'STAGE',
    group: 'What to build',
    summary: 'Stage to build [default: the last one]',
  },
  {
    name: 'build-arg',
    kind: 'list',
    placeholder: 'NAME[=VALUE]',
    group: 'What to build',
    summary: 'Value of an ARG; without =VALUE it is taken from the environment. Repeatable',
  },
  {
    name: 'build-context',
    kind: 'list',
    placeholder: 'NAME=REF',
    group: 'What to build',
    summary: 'One more context, for FROM NAME and COPY --from=NAME. Repeatable',
  },
  {
    name: 'platform',
    kind: 'list',
    placeholder: 'OS/ARCH[,…]',
    group: 'What to build',
    summary: 'Platform of the image, such as linux/arm64 [default: that of this machine]. Repeatable',
  },
  {
    name: 'pull',
    kind: 'switch',
    group: 'What to build',
    summary: 'Ask registries for newer base images even where one is known',
  },
  {
    name: 'secret',
    kind: 'list',
    placeholder: 'id=ID[,src=FILE|,env=NAME]',
    group: 'What to build',
    summary: 'A secret that RUN --mount=type=secret can read; never part of the image. Repeatable',
  },
  {
    name: 'ssh',
    kind: 'list',
    placeholder: 'default|ID[=SOCKET]',
    group: 'What to build',
    summary: 'An SSH agent that RUN --mount=type=ssh can use. Repeatable',
  },
];

/** For all commands that end with a digest. */
export const digestFileFlag: FlagSpec = {
  name: 'digest-file',
  kind: 'value',
  placeholder: 'FILE',
  group: 'What comes out',
  summary: 'Write the digest of the image to a file: of the index, where there is one',
};

/** Flags that say what becomes of the image. */
const outputFlags: readonly FlagSpec[] = [
  {
    name: 'tag',
    char: 't',
    kind: 'list',
    placeholder: 'NAME[:TAG]',
    group: 'What comes out',
    summary: 'Name of the image. Repeatable',
  },
  {
    name: 'push',
    kind: 'switch',
    group: 'What comes out',
    summary: 'Push the image under all its names',
  },
  {
    name: 'load',
    kind: 'switch',
    group: 'What comes out',
    summary: 'Load the image into Docker (docker load)',
  },
  {
    name: 'output',
    char: 'o',
    kind: 'list',
    placeholder: 'DIR|type=TYPE[,KEY=VALUE…]',
    group: 'What comes out',
    summary:
      'Write the image: type=oci, docker, registry, local or tar, dest=PATH; dest=- is standard output. Repeatable',
  },
  {
    name: 'label',
    kind: 'list',
    placeholder: 'NAME=VALUE',
    group: 'What comes out',
    summary: "Label in the image's configuration. Repeatable",
  },
  {
    name: 'annotation',
    kind: 'list',
    placeholder: '[TARGET:]NAME=VALUE',
    group: 'What comes out',
    summary:
      'Annotation on TARGET: manifest, index, manifest-descriptor or index-descriptor, [OS/ARCH] behind it, several with commas [default: manifest]. Repeatable',
  },
  {
    name: 'compression',
    kind: 'value',
    placeholder: 'gzip|zstd|none[,level=N]',
    group: 'What comes out',
    summary: 'How new layers are compressed [default: gzip]',
  },
  {
    name: 'squash',
    kind: 'switch',
    group: 'What comes out',
    summary: 'Make one layer of all that steps change, without what they take away again',
  },
  {
    name: 'metadata-file',
    kind: 'value',
    placeholder: 'FILE',
    group: 'What comes out',
    summary: 'Write what was built as JSON, with the keys that docker buildx build uses',
  },
  {
    name: 'iidfile',
    kind: 'value',
    placeholder: 'FILE',
    group: 'What comes out',
    summary: "Write the image's ID to a file: the digest of its configuration, or of the index where there is one",
  },
  digestFileFlag,
  {
    name: 'image-name-with-digest-file',
    kind: 'value',
    placeholder: 'FILE',
    group: 'What comes out',
    summary: 'Write HOST/NAME@DIGEST to a file, a line for each repository that was pushed to',
  },
];

/** Flags about what is remembered between builds: shared by `build` and `plan`. */
const cacheFlags: readonly FlagSpec[] = [
  {
    name: 'cache',
    kind: 'list',
    placeholder: 'lmdb|registry,ref=REF[,mode=ro|rw][,ttl=SPAN]|none',
    group: 'Cache',
    summary: 'Layer cache, asked in the order given; none alone: no cache [default: lmdb]. Repeatable',
  },
  {
    name: 'cache-from',
    kind: 'list',
    placeholder: 'REF|type=registry,ref=REF',
    group: 'Cache',
    summary:
      'The same as --cache registry,ref=REF,mode=ro after the others, as docker buildx build writes it. Repeatable',
  },
  {
    name: 'cache-to',
    kind: 'list',
    placeholder: 'REF|type=registry,ref=REF',
    group: 'Cache',
    summary:
      'The same as --cache registry,ref=REF,complete=true after the others, as docker buildx build writes it. Repeatable',
  },
  {
    name: 'no-cache',
    kind: 'switch',
    group: 'Cache',
    summary: 'Run every step anew; what they make is still remembered',
  },
];

/** Flags about how RUN is carried out: shared by `build` and `plan`. */
export const stepFlags: readonly FlagSpec[] = [
  {
    name: 'snapshot',
    kind: 'value',
    placeholder: 'ID[,KEY=VALUE…]',
    group: 'How steps run',
    summary: 'How changed files are found: full, mtime or that of a plugin [default: the best that works here]',
  },
  {
    name: 'executor',
    kind: 'value',
    placeholder: 'ID[,KEY=VALUE…]',
    group: 'How steps run',
    summary: 'How RUN is isolated; varve doctor lists what there is [default: the best that works here]',
  },
  {
    name: 'network',
    kind: 'value',
    placeholder: 'default|none|host',
    group: 'How steps run',
    summary: 'Network of RUN steps that do not say it themselves [default: default]',
  },
  {
    name: 'allow',
    kind: 'list',
    placeholder: 'network.host|security.insecure|inplace|inplace-secrets',
    group: 'How steps run',
    summary: 'Let steps have what they cannot have otherwise. Repeatable',
  },
  {
    name: 'add-host',
    kind: 'list',
    placeholder: 'NAME:IP',
    group: 'How steps run',
    summary: 'One more line in the /etc/hosts of RUN steps. Repeatable',
  },
  {
    name: 'shm-size',
    kind: 'value',
    placeholder: 'SIZE',
    group: 'How steps run',
    summary: 'Size of /dev/shm in RUN steps, such as 64m or 1g [default: 64m]',
  },
  {
    name: 'ulimit',
    kind: 'list',
    placeholder: 'NAME=SOFT[:HARD]',
    group: 'How steps run',
    summary: 'Resource limit of RUN steps, such as nofile=1024:4096. Repeatable',
  },
  {
    name: 'jobs',
    char: 'j',
    kind: 'value',
    placeholder: 'N',
    group: 'How steps run',
    summary: 'How many stages may be worked on at the same time [default: the number of CPU cores]',
  },
];

/** Where things are kept and what code may join in. */
export const storeFlag: FlagSpec = {
  name: 'store',
  kind: 'value',
  placeholder: 'DIR',
  group: 'This machine',
  summary: 'Folder for layers and caches [default: $VARVE_STORE, else varve in the cache folder of the user]',
};
export const pluginFlag: FlagSpec = {
  name: 'plugin',
  kind: 'list',
  placeholder: 'MODULE[,KEY=VALUE…]',
  group: 'This machine',
  summary: 'Load a plugin: ./file.js or the name of an npm package. Its code runs with your rights. Repeatable',
};
export const configFlag: FlagSpec = {
  name: 'config',
  kind: 'value',
  placeholder: 'FILE',
  group: 'This machine',
  summary:
    'Defaults for flags, JSON or JavaScript [default: varve/config.json in the configuration folder of the user]',
};
const machineFlags: readonly FlagSpec[] = [storeFlag, pluginFlag, configFlag];

/** How a build shows itself. */
const progressFlags: readonly FlagSpec[] = [
  {
    name: 'progress',
    kind: 'value',
    placeholder: 'auto|tty|plain|json|quiet',
    group: 'What is shown',
    summary: 'How the build is shown, on standard error [default: auto, tty on a terminal and plain elsewhere]',
  },
  {
    name: 'quiet',
    char: 'q',
    kind: 'switch',
    group: 'What is shown',
    summary: 'The same as --progress quiet: the digest on standard output and nothing else',
  },
  {
    name: 'check',
    kind: 'switch',
    group: 'What is shown',
    summary: 'Build nothing: print what the linter says of the Dockerfile, as JSON with --progress json',
  },
  {
    name: 'watch',
    kind: 'switch',
    group: 'What is shown',
    summary: 'Build again whenever the context or the Dockerfile changes, until interrupted',
  },
  {
    name: 'watch-exec',
    kind: 'value',
    placeholder: 'COMMAND',
    group: 'What is shown',
    summary: 'With --watch, run this with the shell after each build that succeeds; $VARVE_DIGEST is the image',
  },
];

/** For commands that answer with a table or a report. */
export const jsonFlag: FlagSpec = {
  name: 'json',
  kind: 'switch',
  group: 'What is shown',
  summary: 'Print JSON',
};

/** All flags of `varve build`; a configuration file may give any of them but `config`. */
export const buildFlags: readonly FlagSpec[] = [
  ...inputFlags,
  ...outputFlags,
  ...cacheFlags,
  ...stepFlags,
  ...registryFlags,
  ...machineFlags,
  ...progressFlags,
];

/** All flags of `varve plan`. */
export const planFlags: readonly FlagSpec[] = [
  ...inputFlags,
  ...cacheFlags,
  ...stepFlags,
  ...registryFlags,
  ...machineFlags,
  jsonFlag,
];
