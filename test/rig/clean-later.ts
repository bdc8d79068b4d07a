// Run by a workbench whose process had to end at once: waits until nothing runs in the folder, then removes it.
import { processesWith, untilNone } from './leftovers.js';
import { removeFolder } from './remove-folder.js';

const folder = process.argv[2];
if (folder === undefined) throw new Error('a folder is missing');
const own = String(process.pid);
await untilNone(() => processesWith(folder).filter(line => !line.startsWith(`${own} `)), 30_000);
removeFolder(folder);
