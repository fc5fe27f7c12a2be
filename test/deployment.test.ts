/**
 * The deployment, checked as text: a container engine cannot be assumed where tests run. What can be derived is
 * derived; each process' own configuration reader judges the variables that compose would give it.
 */
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { SEARCH_ATTRIBUTES } from '../src/domain/card-contract.ts';
import {
  authorizerConfig,
  type Environment,
  ingressConfig,
  migrateConfig,
  relayConfig,
  workerConfig,
} from '../src/platform/config.ts';
import { projectText } from './support/project-files.ts';

interface Service {
  readonly image: string;
  readonly restart?: string;
  readonly command?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly environment?: Readonly<Record<string, string | number | null>>;
  readonly healthcheck?: { readonly test: readonly string[]; readonly interval: string };
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
}
interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

const compose: Compose = parse(projectText('docker-compose.yml') ?? '', { merge: true });
const services = Object.entries(compose.services);
const dockerfile = (projectText('Dockerfile') ?? '').replaceAll(/\\\n/g, ' ').split('\n');
const runs = (service: Service): boolean => service.restart === 'unless-stopped';

const CONFIGS: Readonly<Record<string, (env: Environment) => unknown>> = {
  ingress: ingressConfig,
  authorizer: authorizerConfig,
  relay: relayConfig,
  worker: workerConfig,
  migrate: migrateConfig,
};
/** Read by Node.js and by Temporal's library, not by us. */
const FOREIGN = /^(?:NODE_OPTIONS|TEMPORAL_API_KEY|TEMPORAL_TLS\w*)$/;
const secrets = Object.fromEntries(
  [...(projectText('.ci/compose.env') ?? '').matchAll(/^(\w+)=(.*)$/gm)].map(
    ([, name, value]) => [name ?? '', value ?? ''] as const,
  ),
);

/** The value as compose would pass it on: `${NAME:-fallback}` and `${NAME:?complaint}` from the example secrets. */
const interpolate = (value: string): string =>
  value.replaceAll(/\$\{(\w+)(?::([-?])([^}]*))?\}/g, (_whole, name: string, kind, rest) => {
    const given = secrets[name];
    if (given !== undefined) return given;
    if (kind === '-') return rest;
    throw new Error(`${name} is required, and .ci/compose.env does not give it`);
  });

/** What a process would find in its environment, the image's own variables among them. */
function environmentOf(service: Service): Record<string, string> {
  const image = dockerfile.filter((line) => line.startsWith('ENV ')).join(' ');
  const inherited = [...image.matchAll(/(\w+)=(\S+)/g)].map(([, name, value]) => [name, value]);
  const own = Object.entries(service.environment ?? {}).flatMap(([name, value]) =>
    value === null ? [] : [[name, interpolate(String(value))]],
  );
  return Object.fromEntries([...inherited, ...own]);
}

/** The environment, and the names that were looked up in it. */
function watched(env: Readonly<Record<string, string>>): { env: Environment; read: Set<string> } {
  const read = new Set<string>();
  const get = (target: typeof env, name: string): string | undefined => {
    read.add(name);
    return target[name];
  };
  return { env: new Proxy(env, { get: (target, name) => get(target, String(name)) }), read };
}

/** The source of a file that is run from dist/. */
const sourceOf = (built: string): string => built.replace(/^dist\//, '').replace(/\.js$/, '.ts');

describe('docker-compose.yml', () => {
  test('pins every image', () => {
    const loose = services.filter(([, { image }]) => !/^[\w./-]+:\d[\w.-]*$/.test(image));
    expect(loose.map(([name, { image }]) => `${name}: ${image}`)).toEqual([]);
  });

  test('gives our image the version of the package', () => {
    const { version } = JSON.parse(projectText('package.json') ?? '{}') as { version: string };
    const ours = services.filter(([, { image }]) => image.startsWith('issuing-orchestrator:'));
    expect(ours.map(([name]) => name).toSorted()).toEqual(
      [...Object.keys(CONFIGS), 'simulator'].toSorted(),
    );
    expect(ours.filter(([, { image }]) => !image.endsWith(`:${version}`))).toEqual([]);
  });

  test('probes every service that stays up', () => {
    expect(
      services.filter(([, service]) => runs(service) && service.healthcheck === undefined),
    ).toEqual([]);
    expect(
      services.filter(
        ([, { restart }]) => !['unless-stopped', 'on-failure'].includes(restart ?? ''),
      ),
    ).toEqual([]);
  });

  test('waits only for services that can become what is waited for', () => {
    const wrong = services.flatMap(([name, { depends_on: needs = {} }]) =>
      Object.entries(needs).flatMap(([target, { condition }]) => {
        const needed = compose.services[target];
        if (needed === undefined) return [`${name} waits for ${target}, which does not exist`];
        const wanted = runs(needed) ? 'service_healthy' : 'service_completed_successfully';
        return condition === wanted ? [] : [`${name} should wait for ${target} to be ${wanted}`];
      }),
    );
    expect(wrong).toEqual([]);
  });

  test('mounts only volumes that it declares', () => {
    const mounted = services.flatMap(([, { volumes = [] }]) =>
      volumes.map((v) => v.split(':')[0] ?? ''),
    );
    expect(mounted.toSorted()).toEqual(Object.keys(compose.volumes).toSorted());
  });

  test('publishes ports on this machine only', () => {
    const ports = services.flatMap(([, service]) => service.ports ?? []);
    expect(ports.length).toBeGreaterThan(0);
    expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
  });

  test('holds no secret', () => {
    const literal = services.flatMap(([name, { environment = {} }]) =>
      Object.entries(environment)
        .filter(([variable]) => /PASSWORD|PWD|SECRET|_KEYS?$/.test(variable))
        .filter(([, value]) => value !== null && !/^\$\{\w+:\?[^}]+\}$/.test(String(value)))
        .map(([variable]) => `${name}: ${variable}`),
    );
    expect(literal).toEqual([]);
  });

  test('creates the search attributes that the worker asks for', () => {
    const script = compose.services['temporal-namespace']?.command?.join('\n') ?? '';
    const created = [...script.matchAll(/--name (\w+) --type (\w+)/g)].map(([, name, type]) => [
      name,
      type,
    ]);
    expect(Object.fromEntries(created)).toEqual(SEARCH_ATTRIBUTES);
  });

  test('keeps the real-time path apart from Temporal and Stripe', () => {
    const { environment = {}, depends_on: needs = {} } = compose.services['authorizer'] ?? {};
    expect(Object.keys(environment).filter((name) => /^(?:TEMPORAL|STRIPE)_/.test(name))).toEqual(
      [],
    );
    expect(Object.keys(needs)).toEqual(['migrate']);
  });
});

describe.each(Object.keys(CONFIGS))('the service %s', (name) => {
  const service = compose.services[name] ?? { image: '' };
  const readConfig = CONFIGS[name] ?? (() => undefined);

  test('has a configuration that its process accepts, and no variable that it does not read', () => {
    const own = environmentOf(service);
    const { env, read } = watched(own);
    // Throws, and names every problem, when a required variable is missing or malformed.
    const config = readConfig(env);
    const unread = Object.keys(service.environment ?? {}).filter(
      (v) => !read.has(v) && !FOREIGN.test(v),
    );
    expect(unread).toEqual([]);
    const port =
      typeof config === 'object' && config !== null && 'port' in config ? config.port : undefined;
    const probe = service.healthcheck?.test.join(' ');
    expect(probe?.includes(`http://127.0.0.1:${String(port)}/readyz`)).toBe(
      port === undefined ? undefined : true,
    );
  });

  test('runs a file that the build makes', () => {
    const [program, file = ''] = service.command ?? [];
    expect(program).toBe('node');
    expect([file, projectText(sourceOf(file)) === undefined]).toEqual([file, false]);
  });
});

describe('Dockerfile', () => {
  const last = dockerfile.slice(dockerfile.findLastIndex((line) => line.startsWith('FROM ')));

  test('pins its images to a version of Node.js that package.json allows', () => {
    const images = dockerfile
      .filter((line) => line.startsWith('FROM '))
      .map((line) => line.split(' ')[1]);
    expect(images.length).toBeGreaterThan(1);
    expect(
      images.filter((image) => !/^node:2[2-9][\d.]*-bookworm-slim$/.test(image ?? '')),
    ).toEqual([]);
  });

  test('copies only what exists and .dockerignore lets through', () => {
    const sources = dockerfile
      .filter((line) => line.startsWith('COPY ') && !line.includes('--from='))
      .flatMap((line) => line.trim().split(/\s+/).slice(1, -1));
    const allowed = [...(projectText('.dockerignore') ?? '').matchAll(/^!(\S+)$/gm)].map(
      ([, path]) => path,
    );
    const lost = sources.filter((source) => !allowed.includes(source.split('/')[0]));
    expect(sources.length).toBeGreaterThan(5);
    expect(lost).toEqual([]);
  });

  test('ends as an ordinary user, without dev dependencies, and starts the ingress', () => {
    expect(last.filter((line) => line.startsWith('USER '))).toEqual(['USER node']);
    expect(dockerfile.some((line) => line.includes('npm ci --omit=dev'))).toBe(true);
    expect(last.at(-2)).toBe('CMD ["node", "dist/src/apps/ingress/main.js"]');
  });

  test('brings the migrations and the bundle to where they are looked for', () => {
    const migrations = 'src/adapters/postgres/migrations';
    expect(last).toContain(`COPY ${migrations} ./${migrations}`);
    expect(last.some((line) => line.includes('WORKFLOW_BUNDLE=/app/dist/workflow-bundle.js'))).toBe(
      true,
    );
    expect(projectText('scripts/build.ts')).toContain("'workflow-bundle.js'");
  });
});

describe('continuous integration', () => {
  const workflow = projectText('.github/workflows/ci.yml') ?? '';

  test('pins every action by its commit, with no more rights than reading', () => {
    const uses = [...workflow.matchAll(/uses: (\S+)/g)].map(([, action]) => action ?? '');
    expect(uses.length).toBeGreaterThan(0);
    expect(uses.filter((action) => !/@[0-9a-f]{40}$/.test(action))).toEqual([]);
    expect((parse(workflow) as { permissions: unknown }).permissions).toEqual({ contents: 'read' });
  });

  test('runs only commands that exist', () => {
    const { scripts } = JSON.parse(projectText('package.json') ?? '{}') as { scripts: object };
    const named = [...workflow.matchAll(/npm run ([\w:-]+)/g)].map(([, name]) => name ?? '');
    expect(named.filter((name) => !Object.keys(scripts).includes(name))).toEqual([]);
  });
});
