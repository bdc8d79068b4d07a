import type { Paint } from '../terminal/colour.js';
import type { HelpCommand } from './command-help.js';
import { section, twoColumns, wrapText } from './layout.js';

/** In the order in which somebody new needs them; others follow. */
const order = [
  ...['build', 'plan', 'push', 'pull', 'login', 'logout', 'doctor', 'cache:explain', 'cache:ls', 'cache:prune'],
  ...[
    'cache:mounts:ls',
    'cache:mounts:export',
    'cache:mounts:import',
    'cache:mounts:rm',
    'diff',
    'plugin:list',
    'plugin:create',
    'version',
  ],
];

const examples: readonly (readonly [string, string])[] = [
  ['varve doctor', 'See what this machine allows'],
  ['varve build .', 'Build the Dockerfile of this folder'],
  ['varve build -t HOST/NAME --push .', 'Build and push'],
  ['varve build -o type=oci,dest=app.tar .', 'Build into an archive'],
];

const exits = '0 done; 1 the build failed; 2 the call was wrong; 130 interrupted';

/** Help for varve itself, or for the commands below a word such as `cache`. */
export function rootHelp(commands: readonly HelpCommand[], width: number, paint: Paint, topic?: string): string {
  const shown = commands.filter(command => topic === undefined || command.id.startsWith(`${topic}:`));
  const rows = [...shown]
    .sort((a, b) => rank(a.id) - rank(b.id))
    .map(({ id, summary }) => [id.replaceAll(':', ' '), summary ?? ''] as const);
  const name = topic === undefined ? 'varve' : `varve ${topic.replaceAll(':', ' ')}`;
  const intro = topic === undefined ? 'varve builds container images from Dockerfiles, with no daemon.' : '';
  const sections = [
    intro,
    section('Usage', [`  ${name} COMMAND [FLAGS]`], paint),
    topic === undefined
      ? section(
          'Start here',
          twoColumns(
            examples.map(([a, b]) => [a, b] as const),
            width,
          ),
          paint,
        )
      : '',
    section('Commands', twoColumns(rows, width), paint),
    topic === undefined ? section('Exit codes', wrapText(exits, width, 2), paint) : '',
    `${name} COMMAND --help tells more about a command.`,
  ];
  return `${sections.filter(text => text !== '').join('\n\n')}\n`;
}

function rank(id: string): number {
  const at = order.indexOf(id);
  return at === -1 ? order.length : at;
}
