/** Traces as a collector gets them, over real HTTP. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { authorizerConfig } from '../../src/platform/config.ts';
import { type FinishedSpan, startTracing, type Tracing } from '../../src/platform/tracing.ts';
import { startCollector } from './collector.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

async function start(url: string, onError: (error: unknown) => void = () => {}): Promise<Tracing> {
  const config = { url: `${url}/v1/traces`, serviceName: 'issuing-authorizer', share: 1 };
  const tracing = await startTracing(config, onError);
  if (tracing === null) throw new Error('there is a collector');
  return tracing;
}

const START_MS = 1_800_000_000_000;
const span = (over: Partial<FinishedSpan> = {}): FinishedSpan => ({
  name: 'authorization request',
  startMs: START_MS,
  endMs: START_MS + 9,
  traceparent: undefined,
  failure: undefined,
  attributes: { 'issuing.request_id': 'evt_1', 'issuing.approved': true, absent: undefined },
  children: [
    { name: 'verify', startMs: START_MS, endMs: START_MS + 1 },
    { name: 'database', startMs: START_MS + 1, endMs: START_MS + 8 },
  ],
  ...over,
});

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const CALLER_ID = '00f067aa0ba902b7';

describe('a trace', () => {
  it('reaches the collector with its steps and their times, when the process ends', async () => {
    const collector = await startCollector();
    const tracing = await start(collector.url);
    tracing.record(span());
    await tracing.close();
    expect(collector.requests.map(({ path }) => path)).toEqual(['/v1/traces']);
    expect(collector.requests[0]?.body.resourceSpans[0]?.resource.attributes).toContainEqual({
      key: 'service.name',
      value: { stringValue: 'issuing-authorizer' },
    });
    const whole = collector.spans().find(({ name }) => name === 'authorization request');
    expect(whole).toMatchObject({
      kind: 2,
      startTimeUnixNano: '1800000000000000000',
      endTimeUnixNano: '1800000000009000000',
      attributes: [
        { key: 'issuing.request_id', value: { stringValue: 'evt_1' } },
        { key: 'issuing.approved', value: { boolValue: true } },
      ],
      status: { code: 0 },
    });
    const steps = collector.spans().filter(({ parentSpanId }) => parentSpanId === whole?.spanId);
    expect(steps).toMatchObject([
      { name: 'verify', traceId: whole?.traceId, endTimeUnixNano: '1800000000001000000' },
      { name: 'database', traceId: whole?.traceId, startTimeUnixNano: '1800000000001000000' },
    ]);
  });

  it('has failed when the request has', async () => {
    const collector = await startCollector();
    const tracing = await start(collector.url);
    tracing.record(span({ failure: 'NO_ANSWER_IN_TIME', children: [] }));
    await tracing.close();
    expect(collector.spans()).toMatchObject([
      { status: { code: 2, message: 'NO_ANSWER_IN_TIME' } },
    ]);
  });

  it('continues that of the caller', async () => {
    const collector = await startCollector();
    const tracing = await start(collector.url);
    for (const traceparent of [
      `00-${TRACE_ID}-${CALLER_ID}-01`,
      `cc-${TRACE_ID}-${CALLER_ID}-01-of-a-later-version`,
    ]) {
      tracing.record(span({ traceparent, children: [] }));
    }
    await tracing.close();
    const continued = { traceId: TRACE_ID, parentSpanId: CALLER_ID };
    expect(collector.spans()).toMatchObject([continued, continued]);
  });

  it.each([
    ['nonsense', 'nonsense'],
    ['an unknown version', `ff-${TRACE_ID}-${CALLER_ID}-01`],
    ['no ids', `00-${'0'.repeat(32)}-${'0'.repeat(16)}-01`],
    ['more than its version has', `00-${TRACE_ID}-${CALLER_ID}-01x`],
  ])('begins anew when the caller says %s', async (_what, traceparent) => {
    const collector = await startCollector();
    const tracing = await start(collector.url);
    tracing.record(span({ traceparent, children: [] }));
    await tracing.close();
    const [sent] = collector.spans();
    expect(sent?.traceId).not.toBe(TRACE_ID);
    expect(sent?.parentSpanId).toBeUndefined();
  });

  it('is not kept where the caller does not keep it, nor beyond the share', async () => {
    const collector = await startCollector();
    const tracing = await start(collector.url);
    tracing.record(span({ traceparent: `00-${TRACE_ID}-${CALLER_ID}-00` }));
    await tracing.close();
    const config = { url: `${collector.url}/v1/traces`, serviceName: 'x', share: 0 };
    const none = await startTracing(config, () => {});
    none?.record(span());
    await none?.close();
    expect(collector.spans()).toEqual([]);
  });
});

describe('a collector', () => {
  it('that refuses is told of once, not with each export', async () => {
    const collector = await startCollector(400);
    const errors: unknown[] = [];
    const tracing = await start(collector.url, (error) => errors.push(error));
    const ofTwoExports = 600;
    for (let i = 0; i < ofTwoExports; i += 1) tracing.record(span({ children: [] }));
    await tracing.close();
    expect(collector.requests.length).toBeGreaterThan(1);
    expect(errors).toHaveLength(1);
  });

  it('that is silent does not hold up the end', async () => {
    const collector = await startCollector(null);
    const tracing = await start(collector.url);
    tracing.record(span());
    const startedMs = performance.now();
    await tracing.close();
    expect(performance.now() - startedMs).toBeLessThan(1_500);
    expect(collector.requests).toHaveLength(1);
  });
});

describe('the settings', () => {
  const read = (env: Readonly<Record<string, string>>) =>
    authorizerConfig({
      DATABASE_URL: 'postgres://issuing_app@127.0.0.1/issuing',
      AUTHORIZER_SIGNING_SECRETS: 'platform=whsec_1',
      ...env,
    }).tracing;

  it('are OpenTelemetry’s own', () => {
    expect(read({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://otel:4318/' })).toEqual({
      url: 'http://otel:4318/v1/traces',
      serviceName: 'issuing-authorizer',
      share: 1,
    });
    expect(
      read({
        OTEL_EXPORTER_OTLP_ENDPOINT: 'http://otel:4318',
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://traces.example.com/in',
        OTEL_SERVICE_NAME: 'cards',
        OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
        OTEL_TRACES_SAMPLER_ARG: '0.25',
      }),
    ).toEqual({ url: 'https://traces.example.com/in', serviceName: 'cards', share: 0.25 });
  });

  it('mean no traces when there is no address, and are refused when they are wrong', () => {
    expect(read({ OTEL_SERVICE_NAME: 'cards' })).toBeNull();
    expect(() => read({ OTEL_EXPORTER_OTLP_ENDPOINT: 'otel:4318' })).toThrow(
      'OTEL_EXPORTER_OTLP_ENDPOINT is not a URL',
    );
    expect(() => read({ OTEL_TRACES_SAMPLER_ARG: 'half' })).toThrow('OTEL_TRACES_SAMPLER_ARG');
  });
});

it('a process without a collector does not load the libraries', async () => {
  const program = `
    import { createRequire } from 'node:module';
    const { startTracing } = await import('./src/platform/tracing.ts');
    const loaded = () => Object.keys(createRequire(import.meta.url).cache)
      .filter((path) => path.includes('@opentelemetry')).length;
    await startTracing(null, () => {});
    const without = loaded();
    const config = { url: 'http://127.0.0.1:1/v1/traces', serviceName: 'x', share: 1 };
    await (await startTracing(config, () => {})).close();
    console.log(JSON.stringify({ without, isSeen: loaded() > 10 }));`;
  const args = ['--import', 'tsx', '--input-type=module', '-e', program];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT });
  expect(JSON.parse(stdout)).toEqual({ without: 0, isSeen: true });
});
