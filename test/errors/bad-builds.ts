import type { MadeFile } from '../rig/context-files.js';

/** A Dockerfile, or a call, that has to be refused, and how. */
export interface BadBuild {
  readonly name: string;
  readonly dockerfile: string;
  readonly context?: readonly MadeFile[];
  readonly flags?: readonly string[];
  readonly code: string;
  /** Where the fault lies; `column` where one point is right beyond doubt. Absent: not in the Dockerfile. */
  readonly at?: { readonly line: number; readonly column?: number };
  /** What message or hint have to say. */
  readonly says?: RegExp;
}

/** Refused by what is written, or by what is named and not there. */
export const badBuilds: readonly BadBuild[] = [
  {
    name: 'an unknown instruction',
    dockerfile: 'FROM registry.test/busybox\nRUN true\nCOPPY a /a\n',
    code: 'E_UNKNOWN_INSTRUCTION',
    at: { line: 3, column: 1 },
    says: /COPY/,
  },
  {
    name: 'a missing file in COPY',
    dockerfile: 'FROM registry.test/busybox\nCOPY packge.json /app/\n',
    context: [
      { path: 'package.json', text: '{}' },
      { path: 'other.txt', text: '' },
    ],
    code: 'E_COPY_SOURCE_MISSING',
    at: { line: 2, column: 6 },
    says: /package\.json/,
  },
  {
    name: 'a missing file among those of COPY --from',
    dockerfile: 'FROM registry.test/busybox AS a\nFROM registry.test/busybox\nCOPY --from=a /bin /nothing /x/\n',
    code: 'E_COPY_SOURCE_MISSING',
    at: { line: 3, column: 20 },
    says: /nothing/,
  },
  {
    name: 'a mode that is none',
    dockerfile: 'FROM registry.test/busybox\nCOPY --chmod=999 a /a\n',
    context: [{ path: 'a', text: '' }],
    code: 'E_VALUE_INVALID',
    at: { line: 2, column: 14 },
    says: /octal/,
  },
  {
    name: 'a platform that is none',
    dockerfile: 'FROM --platform=linux/amd64/v1/x registry.test/busybox\n',
    code: 'E_BAD_PLATFORM',
    at: { line: 1, column: 17 },
    says: /OS\/ARCHITECTURE/,
  },
  {
    name: 'a missing file in COPY, in a folder',
    dockerfile: 'FROM registry.test/busybox\nCOPY src/man.c \\\n  /app/\n',
    context: [{ path: 'src/main.c', text: '' }],
    code: 'E_COPY_SOURCE_MISSING',
    at: { line: 2, column: 6 },
    says: /main\.c/,
  },
  {
    name: 'an unknown stage by number',
    dockerfile: 'FROM registry.test/busybox\nCOPY --from=7 /a /a\n',
    code: 'E_STAGE_UNKNOWN',
    at: { line: 2 },
  },
  {
    name: 'an unknown stage as target',
    dockerfile: 'FROM registry.test/busybox AS build\nFROM registry.test/busybox AS final\n',
    flags: ['--target', 'biuld'],
    code: 'E_STAGE_UNKNOWN',
    says: /build/,
  },
  {
    name: 'an unknown flag of an instruction',
    dockerfile: 'FROM registry.test/busybox\nCOPY --chwon=1:1 a /a\n',
    code: 'E_UNKNOWN_FLAG',
    at: { line: 2 },
    says: /chown/,
  },
  {
    name: 'a file without FROM',
    dockerfile: 'RUN true\n',
    code: 'E_INSTRUCTION_BEFORE_FROM',
    at: { line: 1, column: 1 },
  },
  {
    name: 'an empty file',
    dockerfile: '# nothing\n',
    code: 'E_NO_INSTRUCTIONS',
    at: { line: 1 },
  },
  {
    name: '../ in a source of COPY',
    dockerfile: 'FROM registry.test/busybox\nWORKDIR /x\nCOPY ../secret /x/\n',
    context: [{ path: 'a', text: '' }],
    code: 'E_COPY_OUTSIDE',
    at: { line: 3, column: 6 },
  },
  {
    name: 'a whiteout name in the context',
    dockerfile: 'FROM registry.test/busybox\nCOPY . /x/\n',
    context: [{ path: 'sub/.wh.file', text: '' }],
    code: 'E_RESERVED_NAME',
    at: { line: 2 },
  },
  {
    name: 'a registry that nobody runs',
    dockerfile: 'FROM localhost:1/nobody/home:latest\nRUN true\n',
    code: 'E_REGISTRY_UNREACHABLE',
    at: { line: 1 },
    says: /localhost:1/,
  },
  {
    name: 'an image that the registry does not have',
    dockerfile: 'FROM registry.test/no-such-image:1\nRUN true\n',
    code: 'E_(MANIFEST|NAME)_UNKNOWN',
    at: { line: 1 },
    says: /no-such-image/,
  },
  {
    name: 'a base of another platform',
    dockerfile: 'FROM registry.test/elsewhere\nRUN true\n',
    code: 'E_PLATFORM_MISMATCH',
    at: { line: 1 },
    says: /arm64/,
  },
  {
    name: 'a blob whose bytes are not those of its digest',
    dockerfile: 'FROM registry.test/damaged\nRUN true\n',
    code: 'E_DIGEST_MISMATCH',
    at: { line: 2 },
    says: /sha256:[0-9a-f]/,
  },
  {
    name: 'a RUN that fails',
    dockerfile: 'FROM registry.test/busybox\nRUN echo fine\nRUN echo about to fail && \\\n  exit 7\nRUN echo never\n',
    code: 'E_STEP_FAILED',
    at: { line: 3, column: 1 },
    says: /\b7\b/,
  },
  {
    name: 'a program that is not there',
    dockerfile: 'FROM registry.test/busybox\nRUN ["/no/such/program"]\n',
    code: 'E_STEP_FAILED',
    at: { line: 2 },
    says: /not found/,
  },
];
