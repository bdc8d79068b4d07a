import { ratioTest } from './ratios.js';

// Beside Debian's dockerd they are measured by `npm run bench`: that takes as long again.
ratioTest({
  scenarios: ['cold', 'base-there', 'cached', 'many-files', 'many-files-cached', 'registry-cache', 'stages'],
  rounds: 3,
  peers: ['buildah'],
});
