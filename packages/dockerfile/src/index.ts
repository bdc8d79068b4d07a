export type { CheckDirective, Directives, Dockerfile, Stage } from './dockerfile.js';
export { DockerfileError, type ErrorCode, errorCodes } from './errors.js';
export {
  type ArgScope,
  builtinArgNames,
  platformArgNames,
  predefinedProxyArgs,
  type ResolvedArg,
  resolveArgs,
} from './expand/args.js';
export { type ExpandOptions, expandWord, expandWords, type Lookup } from './expand/expand.js';
export { expandInstruction } from './expand/instruction.js';
export { languageVersion } from './frontend.js';
export { hasGlobMeta, matchGlob } from './glob.js';
export { compileIgnore, compilePatterns, type IgnoreMatcher } from './ignore/matcher.js';
export type { IgnoreScope } from './ignore/scope.js';
export type {
  AddInstruction,
  ArgDeclaration,
  ArgInstruction,
  CmdInstruction,
  CommandLine,
  CommentChecks,
  CopyInstruction,
  EntrypointInstruction,
  EnvInstruction,
  ExecForm,
  ExposeInstruction,
  FromInstruction,
  HealthcheckInstruction,
  Heredoc,
  Instruction,
  InstructionBase,
  KeyValue,
  Keyword,
  LabelInstruction,
  MaintainerInstruction,
  OnbuildInstruction,
  RunExecution,
  RunInstruction,
  ShellForm,
  ShellInstruction,
  StopsignalInstruction,
  TransferInstruction,
  UserInstruction,
  VolumeInstruction,
  WorkdirInstruction,
} from './instruction.js';
export { type LintRuleInfo, lint, lintRules } from './lint/lint.js';
export type { BaseFacts, LintFacts } from './lint/rule.js';
export type { LintWarning } from './lint-warning.js';
export type { BindMount, CacheMount, Mount, MountOption, SecretMount, SshMount, TmpfsMount } from './mount.js';
export { didYouMean, nearest } from './nearest.js';
export { type ParseOptions, parseDockerfile, parseTrigger } from './parse.js';
export { printDockerfile } from './print.js';
export { type PrintOptions, printInstruction } from './print-instruction.js';
export type { Position, SourceRange, Word } from './source.js';
export { instructionNames } from './statement.js';
