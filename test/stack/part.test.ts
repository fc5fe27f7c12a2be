/** What is said of a part that cannot start, when its log holds earlier runs too. */
import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createPart, type Part } from '../../src/apps/cli/local/part.ts';
import { createSupervisor } from '../../src/apps/cli/local/supervisor.ts';
import { stackEnvironment } from '../support/stack-environment.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Starts the program on a log that an earlier run has written to, and returns what is said of its failure. */
async function failureOf(program: string): Promise<{ message: string; logFile: string }> {
  const folder = await temporaryFolder();
  const logFile = join(folder, 'part.log');
  await appendFile(logFile, 'ready, said the earlier run\n');
  const env = stackEnvironment();
  const supervisor = createSupervisor(env);
  onTestFinished(() => supervisor.close());
  const part = createPart(supervisor, {
    name: 'part',
    service: {
      command: process.execPath,
      args: ['-e', program],
      env,
      cwd: folder,
      stage: 'app',
      logFile,
      stopSignal: 'SIGTERM',
    },
    ready: () => false,
    readyTimeoutMs: 20_000,
  });
  const { message } = await part.start().then(
    () => new Error('it started'),
    (error: Error) => error,
  );
  return { message, logFile };
}

describe('a part that is started with more environment', () => {
  it('keeps it for later starts', async () => {
    const folder = await temporaryFolder();
    const env = stackEnvironment();
    const supervisor = createSupervisor(env);
    onTestFinished(() => supervisor.close());
    let part: Part | undefined;
    part = createPart(supervisor, {
      name: 'part',
      service: {
        command: process.execPath,
        args: [
          '-e',
          'const { env } = require("node:process"); console.log(`offset ${env.PART_OFFSET}`); setInterval(() => {}, 1000);',
        ],
        env: { ...env, PART_OFFSET: '0' },
        cwd: folder,
        stage: 'app',
        logFile: join(folder, 'part.log'),
        stopSignal: 'SIGKILL',
      },
      ready: () => part?.logTail() !== '',
      readyTimeoutMs: 20_000,
    });
    await part.start();
    expect(part.logTail()).toBe('offset 0');
    await part.stop();
    await part.start({ PART_OFFSET: '25' });
    await part.stop();
    await part.start();
    expect(part.logTail()).toBe('offset 25');
  });
});

describe('a part that cannot start', () => {
  it('is reported with what this run printed, and nothing of an earlier one', async () => {
    const { message, logFile } = await failureOf('console.error("no such file"); process.exit(3)');
    expect(message).toBe(
      `part ended with code 3 before it was ready. The end of ${logFile}:\n    no such file`,
    );
    expect(await readFile(logFile, 'utf8')).toContain('earlier run');
  });

  it('is reported as silent when this run printed nothing', async () => {
    const { message } = await failureOf('process.exit(1)');
    expect(message).toBe('part ended with code 1 before it was ready. It printed nothing.');
  });
});
