/** Sends what was prepared, as fast as answers come or by the clock, and takes down what came back when. */
import { type ConnectionEvents, LoadConnection } from './load-connection.ts';
import type { Pace } from './load-plan.ts';

/** Far above every budget; without an answer by then there is none. */
const GIVEN_UP_MS = 10_000;
const LOOK_FOR_LOST_EVERY_MS = 250;

export interface Prepared {
  readonly wire: Buffer;
  readonly target: number;
}

/** One entry a request, by its place in the list. */
export interface LoadRecord {
  readonly seconds: number;
  /** When the load began, by the wall clock. */
  readonly startedAtMs: number;
  /** Milliseconds after the beginning. */
  readonly askedMs: Float64Array;
  readonly sentMs: Float64Array;
  readonly answeredMs: Float64Array;
  readonly statuses: Uint16Array;
  readonly bodies: readonly string[];
  readonly connections: number;
}

export function send(
  prepared: readonly Prepared[],
  ports: readonly number[],
  pace: Pace,
): Promise<LoadRecord> {
  return new Promise((resolve) => {
    new Run({ prepared, ports, pace, onEnd: resolve }).start();
  });
}

interface RunOptions {
  readonly prepared: readonly Prepared[];
  readonly ports: readonly number[];
  readonly pace: Pace;
  readonly onEnd: (record: LoadRecord) => void;
}

class Run {
  readonly #options: RunOptions;
  readonly #events: ConnectionEvents;
  readonly #open = new Set<LoadConnection>();
  /** By target; the one that was free last is used first, so that few connections are kept warm. */
  readonly #free: LoadConnection[][];
  /** Requests whose time has come and that found no free connection, by target. */
  readonly #waiting: number[][];
  readonly #connectionsMax: number;
  readonly #asked: Float64Array;
  readonly #sent: Float64Array;
  readonly #answered: Float64Array;
  readonly #statuses: Uint16Array;
  readonly #bodies: string[];
  readonly #lookForLost: NodeJS.Timeout;
  #startedAtMs = 0;
  #startMs = 0;
  #next = 0;
  #ended = 0;
  #mostOpen = 0;

  constructor(options: RunOptions) {
    this.#options = options;
    const { prepared, ports, pace } = options;
    this.#connectionsMax = pace.kind === 'closed' ? pace.connections : pace.connectionsMax;
    this.#free = ports.map(() => []);
    this.#waiting = ports.map(() => []);
    this.#asked = new Float64Array(prepared.length);
    this.#sent = new Float64Array(prepared.length);
    this.#answered = new Float64Array(prepared.length);
    this.#statuses = new Uint16Array(prepared.length);
    this.#bodies = prepared.map(() => '');
    this.#events = {
      onReady: (connection) => this.#use(connection),
      onAnswer: (connection, status, body) => {
        this.#end(connection.request, status, body);
        connection.request = -1;
        this.#use(connection);
      },
      onLost: (connection) => this.#lose(connection),
    };
    this.#lookForLost = setInterval(() => this.#giveUp(), LOOK_FOR_LOST_EVERY_MS);
  }

  start(): void {
    const { pace, ports } = this.#options;
    this.#startedAtMs = Date.now();
    this.#startMs = performance.now();
    if (pace.kind === 'open') {
      this.#tick(1000 / pace.perSecond);
      return;
    }
    // Each connection takes the next request of its own, so all requests wait from the start.
    for (const [index, { target }] of this.#options.prepared.entries()) {
      this.#waiting[target]?.push(index);
    }
    for (const list of this.#waiting) list.reverse();
    for (let n = 0; n < pace.connections; n += 1) this.#connect(n % ports.length);
  }

  #now(): number {
    return performance.now() - this.#startMs;
  }

  /** Sends what is due, and comes back when the next is. */
  #tick(everyMs: number): void {
    const { prepared } = this.#options;
    while (this.#next < prepared.length && this.#next * everyMs <= this.#now()) {
      const index = this.#next;
      this.#next += 1;
      this.#asked[index] = index * everyMs;
      const target = prepared[index]?.target ?? 0;
      this.#waiting[target]?.unshift(index);
      const connection = this.#free[target]?.pop();
      if (connection !== undefined) this.#use(connection);
      else if (this.#open.size < this.#connectionsMax) this.#connect(target);
    }
    if (this.#next >= prepared.length) return;
    setTimeout(() => this.#tick(everyMs), this.#next * everyMs - this.#now());
  }

  #connect(target: number): void {
    const port = this.#options.ports[target] ?? 0;
    this.#open.add(new LoadConnection(port, target, this.#events));
    this.#mostOpen = Math.max(this.#mostOpen, this.#open.size);
  }

  #use(connection: LoadConnection): void {
    const index = this.#waiting[connection.target]?.pop();
    const wire = index === undefined ? undefined : this.#options.prepared[index]?.wire;
    if (index === undefined || wire === undefined) {
      this.#free[connection.target]?.push(connection);
      return;
    }
    const now = this.#now();
    if (this.#options.pace.kind === 'closed') this.#asked[index] = now;
    this.#sent[index] = now;
    connection.send(index, wire);
  }

  #end(index: number, status: number, body: string): void {
    this.#answered[index] = this.#now();
    this.#statuses[index] = status;
    this.#bodies[index] = body;
    this.#ended += 1;
    if (this.#ended === this.#options.prepared.length) this.#finish();
  }

  #lose(connection: LoadConnection): void {
    this.#open.delete(connection);
    const { target, request } = connection;
    const free = this.#free[target] ?? [];
    const place = free.indexOf(connection);
    if (place >= 0) free.splice(place, 1);
    if (request >= 0) this.#end(request, 0, '');
    // Somebody may have counted on this connection.
    if (this.#ended < this.#options.prepared.length && (this.#waiting[target]?.length ?? 0) > 0) {
      setTimeout(() => this.#connect(target), 1);
    }
  }

  #giveUp(): void {
    const before = performance.now() - GIVEN_UP_MS;
    for (const connection of this.#open) {
      if (connection.request >= 0 && connection.sentMs < before) connection.destroy();
    }
  }

  #finish(): void {
    clearInterval(this.#lookForLost);
    const seconds = this.#now() / 1000;
    for (const connection of this.#open) connection.destroy();
    this.#options.onEnd({
      seconds,
      startedAtMs: this.#startedAtMs,
      askedMs: this.#asked,
      sentMs: this.#sent,
      answeredMs: this.#answered,
      statuses: this.#statuses,
      bodies: this.#bodies,
      connections: this.#mostOpen,
    });
  }
}
