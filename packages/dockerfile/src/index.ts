export type { CheckDirective, Directives, Dockerfile, Stage } from './dockerfile.js';
export { DockerfileError, type ErrorCode, errorCodes } from './errors.js';
export type {
  AddInstruction,
  ArgDeclaration,
  ArgInstruction,
  CmdInstruction,
  CommandLine,
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
export type { LintWarning } from './lint-warning.js';
export type { BindMount, CacheMount, Mount, MountOption, SecretMount, SshMount, TmpfsMount } from './mount.js';
export type { Position, SourceRange, Word } from './source.js';
