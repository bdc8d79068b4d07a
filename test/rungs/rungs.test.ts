import { escapes } from './escapes.js';
import { agreement, onEveryRung } from './on-every-rung.js';

onEveryRung('on every rung of privilege', [
  // The first one on all rungs.
  ...agreement([
    'user-groups',
    'run-setcap',
    'mount-all-at-once',
    'mount-cache-and-tmpfs',
    'mount-secret-files',
    'heredoc-run-as-user',
    'stages-inherit',
    'run-deletes-much',
  ]),
  ...escapes,
]);
