// The scenarios that Varve is held to, beside `docker build` of Debian's dockerd and Buildah: a table, ratios, and JSON.
//   npm run bench [-- --rounds=5] [-- --only=cold,cached] [-- --peers=buildah] [-- --slack=1.5] [-- --json=FILE]
import { writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { aloneScenarios } from './alone.js';
import { runBesidePeers } from './beside-peers.js';
import { buildahContender, dockerContender } from './contenders.js';
import { type Finding, keeps, table } from './figures.js';
import { rungFour } from './in-place.js';
import { besideScenarios } from './scenarios.js';
import { openWorld } from './world.js';

const peers = { buildah: buildahContender, docker: dockerContender };

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    only: { type: 'string' },
    peers: { type: 'string', default: 'buildah,docker' },
    slack: { type: 'string', default: '1' },
    json: { type: 'string' },
  },
});
const alone = [...aloneScenarios, rungFour];
const known = [...besideScenarios, ...alone].map(({ id }) => id);
const wanted = values.only?.split(',') ?? known;
const unknown = wanted.filter(id => !known.includes(id));
if (unknown.length > 0) throw new Error(`no scenario ${unknown.join(', ')}; there are ${known.join(', ')}`);

const chosen = values.peers.split(',').filter(name => name !== '');
const starters = chosen.map(name => {
  if (name !== 'buildah' && name !== 'docker') throw new Error(`no peer ${name}; there are buildah and docker`);
  return peers[name];
});

await using world = await openWorld(Number(values.rounds), starters);
const slack = Number(values.slack);
const findings: Finding[] = [];
const add = (finding: Finding): void => {
  findings.push(finding);
  console.log(table([finding], slack));
};
for (const scenario of besideScenarios) if (wanted.includes(scenario.id)) add(await runBesidePeers(scenario, world));
for (const scenario of alone) if (wanted.includes(scenario.id)) add(await scenario.run(world));

const machine = {
  cpu: cpus()[0]?.model,
  cores: cpus().length,
  memory: totalmem(),
  kernel: release(),
  node: process.version,
};
const versions = Object.fromEntries(world.contenders.map(({ name, version }) => [name, version]));
console.log(Object.values(versions).join('; '));
const json = JSON.stringify({ machine, versions, rounds: world.rounds, slack, findings }, null, 2);
if (values.json !== undefined) writeFileSync(values.json, `${json}\n`);
process.exitCode = findings.every(({ figures }) => figures.every(figure => keeps(figure, slack))) ? 0 : 1;
