/** The calls that docs/operating.md names are calls of this API. */
import { expect, it } from 'vitest';
import { projectText } from '../support/project-files.ts';
import { ingressUnderTest } from './ingress-under-test.ts';
import { platformTenant } from './program.ts';

const ingress = ingressUnderTest();

it('takes every call that the operators are told to make', async () => {
  await platformTenant(ingress);
  const text = projectText('docs/operating.md') ?? '';
  const calls = [...text.matchAll(/`GET (\/v1\/[^`]+)`/g)].flatMap(([, call]) => call ?? []);
  expect(calls.length).toBeGreaterThan(8);
  for (const call of calls) {
    const { status, body } = await ingress.get(call);
    // Nobody made the card of the examples.
    const code = status === 200 ? 'CARD_NOT_FOUND' : body.error?.code;
    expect({ call, code }).toEqual({ call, code: 'CARD_NOT_FOUND' });
  }
});
