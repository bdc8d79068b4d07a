export { makeCertificates, type TestCertificates } from './certificates.js';
export { type DockerRegistry, type DockerRegistryOptions, startDockerRegistry } from './docker-registry.js';
export { findProgram, freePort, type ProgramResult, runProgram } from './programs.js';
export { chunksOf, noise, type SampleImage, type SampleOptions, sampleImage, sampleIndex } from './sample-image.js';
