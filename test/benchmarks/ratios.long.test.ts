import { ratioTest } from './ratios.js';

ratioTest({ scenarios: ['memory'], rounds: 1, peers: [] });
ratioTest({ scenarios: ['rung-4'], rounds: 3, peers: [], needs: ['docker', 'patchelf', 'git', 'ssh', 'zstd'] });
