import type { BuildEvent } from '@varve/engine';

type Progress = Extract<BuildEvent, { type: 'progress' }>;

const activities: Readonly<Record<Progress['activity'], string>> = {
  resolve: 'resolve',
  pull: 'pull',
  unpack: 'unpack',
  'load-context': 'load context',
  push: 'push',
  export: 'export',
  cache: 'cache',
  wait: 'wait for',
};

/** What a progress event is about: `pull docker.io/library/debian:12`. */
export function activityLabel(event: Pick<Progress, 'activity' | 'what'>): string {
  return `${activities[event.activity]} ${event.what}`;
}

/** `[build 2/4] RUN make` without its bracket, for tables. */
export function splitLabel(label: string): { readonly place: string; readonly text: string } {
  const match = /^\[([^\]]*)\] (.*)$/s.exec(label);
  return match === null ? { place: '', text: label } : { place: match[1] ?? '', text: match[2] ?? '' };
}
