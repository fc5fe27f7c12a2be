/**
 * Traces by OpenTelemetry, for processes that are told of a collector. Spans are made afterwards, from times that are
 * known anyway, so that nothing is added to what they measure. The libraries are loaded only when they are needed:
 * a process without a collector neither loads nor pays for them.
 */
import type { Context, Span, SpanContext } from '@opentelemetry/api';
import type { SpanExporter } from '@opentelemetry/sdk-trace';
import { settledWithin } from './settled-within.ts';

/** The collector is near; what it has not taken by then is lost rather than waited for. */
const EXPORT_WITHIN_MS = 2_000;
/** The last spans of a process that ends; others have to end within its 3 s too. */
const LAST_EXPORT_WITHIN_MS = 700;
/** Spans that wait for their export, about 1 kB each; with more, the newest are dropped. */
const WAITING_SPANS_MAX = 8_192;
/** A collector that is away is told of once in this time, not with each export. */
const COMPLAIN_EVERY_MS = 60_000;

export interface TracingConfig {
  /** Where spans are sent, e.g. `http://127.0.0.1:4318/v1/traces`. */
  readonly url: string;
  readonly serviceName: string;
  /** How many of the traces that begin here are kept, 0 to 1; a caller's trace is kept if the caller keeps it. */
  readonly share: number;
}

/** A step that is over. Times are milliseconds since 1970. */
export interface FinishedStep {
  readonly name: string;
  readonly startMs: number;
  readonly endMs: number;
}

export interface FinishedSpan extends FinishedStep {
  /** Header of the caller (W3C Trace Context), whose trace this continues if it is well-formed. */
  readonly traceparent: string | undefined;
  /** Why it failed, in a word. */
  readonly failure: string | undefined;
  readonly attributes: Readonly<Record<string, string | boolean | undefined>>;
  readonly children: readonly FinishedStep[];
}

export interface Tracing {
  /** Queues the span of a request that was served, with its steps. */
  record(span: FinishedSpan): void;
  /** Sends what waits, within a time, and stops. */
  close(): Promise<void>;
}

/** Null without a collector. `onError` hears that spans were lost, now and then. */
export async function startTracing(
  config: TracingConfig | null,
  onError: (error: unknown) => void,
): Promise<Tracing | null> {
  if (config === null) return null;
  const [api, sdk, { resourceFromAttributes }, { OTLPTraceExporter }] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/sdk-trace'),
    import('@opentelemetry/resources'),
    import('@opentelemetry/exporter-trace-otlp-http'),
  ]);
  const exporter = complaining(
    new OTLPTraceExporter({ url: config.url, timeoutMillis: EXPORT_WITHIN_MS }),
    onError,
  );
  const provider = new sdk.TracerProvider({
    resource: resourceFromAttributes({ 'service.name': config.serviceName }),
    sampler: new sdk.ParentBasedSampler({ root: new sdk.TraceIdRatioBasedSampler(config.share) }),
    spanProcessors: [
      new sdk.BatchSpanProcessor({
        exporter,
        maxQueueSize: WAITING_SPANS_MAX,
        exportTimeoutMillis: EXPORT_WITHIN_MS,
      }),
    ],
  });
  const tracer = provider.getTracer('issuing-orchestrator');

  function contextOf(traceparent: string | undefined): Context {
    const caller = traceparent === undefined ? null : callerOf(traceparent);
    return caller !== null && api.isSpanContextValid(caller)
      ? api.trace.setSpanContext(api.ROOT_CONTEXT, caller)
      : api.ROOT_CONTEXT;
  }

  function addChildren(parent: Span, context: Context, children: readonly FinishedStep[]): void {
    const inside = api.trace.setSpan(context, parent);
    for (const { name, startMs, endMs } of children) {
      tracer.startSpan(name, { startTime: startMs }, inside).end(endMs);
    }
  }

  return {
    record({ name, startMs, endMs, traceparent, failure, attributes, children }) {
      const context = contextOf(traceparent);
      const options = { kind: api.SpanKind.SERVER, startTime: startMs, attributes };
      const span = tracer.startSpan(name, options, context);
      if (failure !== undefined) {
        span.setStatus({ code: api.SpanStatusCode.ERROR, message: failure });
      }
      addChildren(span, context, children);
      span.end(endMs);
    },
    // `onError` has heard of what was lost; the process ends in order all the same.
    close: () => settledWithin(provider.shutdown(), LAST_EXPORT_WITHIN_MS),
  };
}

/** `<version>-<trace id>-<parent id>-<flags>`; versions after the first may add more. */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-|$)/;

function callerOf(traceparent: string): SpanContext | null {
  const [, traceId, spanId, flags] = TRACEPARENT.exec(traceparent) ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return null;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
}

/** The same exporter, whose failures are told. */
function complaining(exporter: SpanExporter, onError: (error: unknown) => void): SpanExporter {
  let silentUntilMs = 0;
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        const nowMs = performance.now();
        if (result.error !== undefined && nowMs >= silentUntilMs) {
          silentUntilMs = nowMs + COMPLAIN_EVERY_MS;
          onError(result.error);
        }
        done(result);
      });
    },
    shutdown: () => exporter.shutdown(),
    forceFlush: async () => exporter.forceFlush?.(),
  };
}
