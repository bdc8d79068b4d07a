import { /** The first one on all rungs. */ agreeOnEveryRung } from './agreement.js';

agreeOnEveryRung([
  'user-groups',
  'run-setcap',
  'mount-all-at-once',
  'mount-cache-and-tmpfs',
  'mount-secret-files',
  'heredoc-run-as-user',
  'stages-inherit',
  'run-deletes-much',
]);
