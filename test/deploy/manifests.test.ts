import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { parse, parseAllDocuments } from 'yaml';
import { inRepository } from '../rig/repository.js';

/** Classes that know the schemas of Kubernetes. */
type Models = Readonly<Record<'Job' | 'Pod', new (json: unknown) => { validate(): void }>>;
/** The package's own types take longer to read than all of ours. */
const models = async (name: string): Promise<Models> => (await import(name)) as Models;
const { Pod } = await models('kubernetes-models/v1');
const { Job } = await models('kubernetes-models/batch/v1');

type Json = Readonly<Record<string, unknown>>;

const read = (name: string): string => readFileSync(inRepository(`deploy/${name}`), 'utf8');
const documents = (name: string): Json[] =>
  parseAllDocuments(read(name), { strict: true }).map(document => {
    assert.deepEqual(document.errors, []);
    return document.toJS() as Json;
  });

/** Flags of `varve kaniko`, as the golden text of its help has them. */
const help = readFileSync(inRepository('packages/cli/test/golden/help-kaniko.txt'), 'utf8');
const known = new Set([...help.matchAll(/--([a-zA-Z-]+)/g)].map(([, name]) => name));

function assertFlags(words: readonly string[]): void {
  const flags = words.filter(word => word.startsWith('--'));
  assert.ok(flags.length > 2);
  for (const word of flags) assert.ok(known.has(/^--([a-zA-Z-]+)/.exec(word)?.[1]), word);
  for (const needed of ['--context=', '--destination='])
    assert.ok(
      flags.some(word => word.startsWith(needed)),
      needed,
    );
}

interface PodSpec {
  readonly containers: readonly {
    readonly image: string;
    readonly args: readonly string[];
    readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
  }[];
  readonly volumes: readonly { readonly name: string }[];
  readonly restartPolicy: string;
}

function assertBuilds(spec: PodSpec): void {
  const [container] = spec.containers;
  assert.ok(container);
  assertFlags(container.args);
  assert.match(container.image, /^registry\.example\/varve\/executor:[\d.]+$/);
  const volumes = spec.volumes.map(({ name }) => name).sort();
  assert.deepEqual(container.volumeMounts.map(({ name }) => name).sort(), volumes);
  assert.deepEqual(
    container.volumeMounts.map(({ mountPath }) => mountPath),
    ['/kaniko/.docker', '/kaniko/store'],
  );
}

describe('the manifests of deploy', () => {
  test('the Pod fits the schema of Kubernetes, and its flags are ours', () => {
    const [pod, ...more] = documents('kubernetes/pod.yaml');
    assert.deepEqual(more, []);
    new Pod(pod).validate();
    assertBuilds(pod?.spec as PodSpec);
    assert.throws(() => new Pod({ ...pod, spec: { containers: [{ name: 'x', args: 'y' }] } }).validate());
  });

  test('the Jobs fit, and share one cache', () => {
    const jobs = documents('kubernetes/jobs.yaml');
    assert.ok(jobs.length > 1);
    const caches = jobs.map(job => {
      new Job(job).validate();
      const { spec } = (job.spec as { readonly template: { readonly spec: PodSpec } }).template;
      assertBuilds(spec);
      assert.equal(spec.restartPolicy, 'Never');
      return spec.containers[0]?.args.filter(word => word.startsWith('--cache'));
    });
    for (const cache of caches) assert.deepEqual(cache, caches[0]);
    assert.equal(new Set(jobs.map(({ metadata }) => (metadata as Json).name)).size, jobs.length);
  });

  test('the Task uses what it declares, and declares what it uses', () => {
    const [task] = documents('tekton/task.yaml') as unknown as [Task];
    assert.deepEqual([task.apiVersion, task.kind], ['tekton.dev/v1', 'Task']);
    const [step] = task.spec.steps;
    assert.ok(step);
    assertFlags(step.args);
    // A step is a container of the pod that it becomes.
    const containers = task.spec.steps.map((each, index) => ({ name: `step-${index}`, ...each }));
    new Pod({ apiVersion: 'v1', kind: 'Pod', metadata: task.metadata, spec: { containers } }).validate();
    const used = (kind: string) =>
      new Set(
        [...JSON.stringify(task.spec.steps).matchAll(/\$\((\w+)\.(\w+)/g)].flatMap(([, of, name]) =>
          of === kind ? [name] : [],
        ),
      );
    const declared = (list: readonly Named[]) => new Set(list.map(({ name }) => name));
    assert.deepEqual(used('params'), declared(task.spec.params));
    assert.deepEqual(used('results'), declared(task.spec.results));
    assert.ok([...used('workspaces')].every(name => declared(task.spec.workspaces).has(name ?? '')));
    assert.ok(
      task.spec.workspaces.every(
        ({ name, mountPath }) => used('workspaces').has(name) || mountPath === '/kaniko/.docker',
      ),
    );
  });

  test('the Pipeline gives the Task what it needs', () => {
    const [task] = documents('tekton/task.yaml') as unknown as [Task];
    const [pipeline] = documents('tekton/pipeline.yaml') as unknown as [Pipeline];
    assert.deepEqual([pipeline.apiVersion, pipeline.kind], ['tekton.dev/v1', 'Pipeline']);
    const build = pipeline.spec.tasks.find(({ taskRef }) => taskRef.name === task.metadata.name);
    assert.ok(build);
    const params = new Map(task.spec.params.map(param => [param.name, param]));
    for (const { name, value } of build.params) {
      assert.ok(params.has(name), name);
      assert.equal(Array.isArray(value), params.get(name)?.type === 'array', name);
    }
    const given = build.params.map(({ name }) => name);
    for (const { name, ...rest } of task.spec.params) assert.ok('default' in rest || given.includes(name), name);
    const places = task.spec.workspaces.map(({ name }) => name);
    assert.deepEqual(
      build.workspaces.map(({ name }) => name),
      places,
    );
    const text = JSON.stringify(pipeline.spec.tasks);
    const wanted = new Set([...text.matchAll(/\$\(params\.(\w+)/g)].map(([, name]) => name));
    assert.deepEqual(wanted, new Set(pipeline.spec.params.map(({ name }) => name)));
    const extra = build.params.find(({ name }) => name === 'EXTRA_ARGS')?.value as readonly string[];
    for (const word of extra) assert.ok(known.has(/^--([a-z-]+)/.exec(word)?.[1]), word);
    for (const { value } of pipeline.spec.results) {
      const [, of, name] = /^\$\(tasks\.(\w+)\.results\.(\w+)\)$/.exec(value) ?? [];
      assert.equal(of, build.name);
      assert.ok(
        task.spec.results.some(result => result.name === name),
        value,
      );
    }
  });

  test('the job of GitLab CI calls the executor of the image with a shell', () => {
    const file = parse(read('gitlab/.gitlab-ci.yml')) as Readonly<Record<string, GitlabJob>> & {
      readonly stages: readonly string[];
    };
    const { build } = file;
    assert.ok(build && file.stages.includes(build.stage));
    assert.match(build.image.name, /^registry\.example\/varve\/executor:.*debug$/);
    assert.deepEqual(build.image.entrypoint, ['']);
    const words = build.script.join(' ').split(' ');
    assert.equal(words[0], '/kaniko/executor');
    assertFlags(words);
  });
});

interface Named {
  readonly name: string;
  readonly mountPath?: string;
  readonly type?: string;
}
interface Task {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Named;
  readonly spec: {
    readonly params: readonly Named[];
    readonly workspaces: readonly Named[];
    readonly results: readonly Named[];
    readonly steps: readonly { readonly args: readonly string[] }[];
  };
}
interface Pipeline {
  readonly apiVersion: string;
  readonly kind: string;
  readonly spec: {
    readonly params: readonly Named[];
    readonly results: readonly { readonly value: string }[];
    readonly tasks: readonly {
      readonly name: string;
      readonly taskRef: Named;
      readonly params: readonly { readonly name: string; readonly value: unknown }[];
      readonly workspaces: readonly Named[];
    }[];
  };
}
interface GitlabJob {
  readonly stage: string;
  readonly image: { readonly name: string; readonly entrypoint: readonly string[] };
  readonly script: readonly string[];
}
