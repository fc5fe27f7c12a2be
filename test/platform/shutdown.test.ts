/** The orderly end of a process, and what it logs of it. */
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { createLogger } from '../../src/platform/logger.ts';
import { createShutdown } from '../../src/platform/shutdown.ts';

it('logs why a part did not close where values of rows are left out, and closes the others', async () => {
  const lines: string[] = [];
  const to = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
  const logger = createLogger({ name: 'test', level: 'info' });
  Object.assign(logger, { [pino.symbols.streamSym]: to });
  const shutdown = createShutdown(logger, 1_000);
  let isClosed = false;
  shutdown.add('first', () => {
    isClosed = true;
  });
  shutdown.add('second', () => {
    throw Object.assign(new Error('lost'), { parameters: ['Jenny Rosen'], args: ['Jenny Rosen'] });
  });
  await shutdown.run('test');
  expect(isClosed).toBe(true);
  expect(lines.join('')).toContain('lost');
  expect(lines.join('')).not.toContain('Jenny');
});
