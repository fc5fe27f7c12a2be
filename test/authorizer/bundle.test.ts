/** The authorizer as it is built: one file, with nothing in it that its start would wait for and its answers do not need. */
import { copyFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Stripe } from 'stripe';
import { expect, onTestFinished, test } from 'vitest';
import { bundle } from '../../scripts/bundle.ts';
import { LIBRARY_API_VERSION } from '../../src/adapters/stripe/api-version.ts';
import { AUTHORIZATION_PATH } from '../../src/apps/authorizer/app.ts';
import { projectRoot } from '../../src/apps/cli/local/module-command.ts';
import { createTestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { startNode } from '../support/real-process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { requestEvent, SECRET, signed } from './authorizer-under-test.ts';
import { startCollector } from './collector.ts';

const MAIN = 'src/apps/authorizer/main.ts';
const NOT_NEEDED = /node_modules\/(?:stripe|typebox|protobufjs|@temporalio)\//;

/** Where `npm run build` would put it, in a project of its own with the same libraries. */
async function built() {
  const folder = await temporaryFolder();
  await copyFile(join(projectRoot, 'package.json'), join(folder, 'package.json'));
  await symlink(join(projectRoot, 'node_modules'), join(folder, 'node_modules'));
  const inputs = await bundle([new URL(`../../${MAIN}`, import.meta.url)], folder);
  return { inputs, file: join(folder, MAIN.replace(/ts$/, 'js')) };
}

test('answers, and sends its trace, without the libraries that others need', async () => {
  const { inputs, file } = await built();
  expect(inputs).toContain(MAIN);
  expect(inputs.filter((input) => NOT_NEEDED.test(input))).toEqual([]);

  const database = await createTestDatabase();
  onTestFinished(() => database.drop());
  const collector = await startCollector();
  const { child, address } = startNode([file], {
    DATABASE_URL: database.appUrl,
    AUTHORIZER_SIGNING_SECRETS: `platform=${SECRET}`,
    AUTHORIZER_PORT: '0',
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
  });
  const { payload, headers } = signed(requestEvent());
  const url = `${await address()}${AUTHORIZATION_PATH}`;
  const response = await fetch(url, { method: 'POST', body: payload, headers });
  // No tenant has a card here.
  expect(await response.json()).toMatchObject({
    approved: false,
    metadata: { evt_request: expect.stringContaining('UNKNOWN_TENANT') },
  });
  child.kill('SIGTERM');
  await eventually(() => collector.spans().some(({ name }) => name === 'authorization request'));
});

test('names the version of the API that the library was made for', () => {
  expect(LIBRARY_API_VERSION).toBe(Stripe.API_VERSION);
});
