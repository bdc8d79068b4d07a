export { makeCertificates, type TestCertificates } from './certificates.js';
export { type DockerRegistry, type DockerRegistryOptions, startDockerRegistry } from './docker-registry.js';
export { type Fault, type FaultKind, type FaultProxy, startFaultProxy } from './fault-proxy.js';
export { type MemoryRegistry, type RegistryOptions, type SeenRequest, startRegistry } from './memory-registry.js';
export { findProgram, freePort, type ProgramResult, runProgram } from './programs.js';
export type { RegistryAuth } from './registry-auth.js';
export type { RegistryState, StoredManifest, StoredRepository } from './registry-state.js';
export { chunksOf, noise, type SampleImage, type SampleOptions, sampleImage, sampleIndex } from './sample-image.js';
