/** Every operation of the API description exists, and takes the parameters that the description names. */
import { describe, expect, it } from 'vitest';
import type { Operation } from '../../src/simulator/http/operation.ts';
import { allOperations } from '../../src/simulator/operations.ts';
import { DEFAULT_OPTIONS } from '../../src/simulator/options.ts';
import { CATEGORY_CODES } from '../../src/simulator/resources/merchant-category.ts';
import { World } from '../../src/simulator/world/world.ts';
import {
  describedOperations,
  flatten,
  type ParameterSchema,
  resolve,
} from './openapi-parameters.ts';

/** Differences that are meant, by operation and parameter, with the reason. */
const DELIBERATE: readonly { readonly line: RegExp; readonly reason: string }[] = [
  {
    line: /address\.(city|country|line1|postal_code): described string required nullable, taken string required$/,
    reason: 'Addresses borrow the nullable schema of answers; a required part cannot be unset.',
  },
  {
    line: /address\.(line2|state): described string required nullable, taken string nullable$/,
    reason: 'The same schema; the guides leave these two out.',
  },
  {
    line: /(email|phone_number|business_name): described string, taken string nullable$/,
    reason: 'An empty text unsets them, which clients rely on and the description does not tell.',
  },
  {
    line: /categor(y|ies)(\[\])?: described string of [\w|]+, taken string$/,
    reason: 'Too many to repeat in each schema; the list is compared below.',
  },
  {
    line: /api_version: described string of [\w.|-]+, taken string$/,
    reason: 'A client may be newer than the simulator.',
  },
  {
    line: /enabled_events\[\]: described string of [\w.|*]+, taken string$/,
    reason: 'Only misspelled types of Issuing, Identity and Reporting are refused.',
  },
  {
    line: /^GET \/v1\/issuing\/settlements created\|/,
    reason: 'The older description names the same two alternatives in another order.',
  },
  {
    line: /^POST \/v1\/reporting\/report_runs parameters\.timezone: described string of .*, taken string$/,
    reason: 'Time zones are checked against those that the machine knows.',
  },
  {
    line: /^DELETE .* expand(\[\])?: described absent/,
    reason: 'Every operation takes expand; here there is nothing to expand.',
  },
];

/** Where the `url` of a file leads; the description leaves files out. */
const BEYOND: readonly string[] = ['GET /v1/files/{file}/contents'];

const world = new World(DEFAULT_OPTIONS, () => {});
world.close();
const ours = new Map<string, Operation>(
  allOperations(world).map((entry) => [`${entry.method} ${entry.path}`, entry]),
);
const described = describedOperations();
function differences(name: string, schema: ParameterSchema): string[] {
  const wanted = flatten(schema);
  const taken = flatten(ours.get(name)?.schema ?? {});
  return [...new Set([...wanted.keys(), ...taken.keys()])].flatMap((path) => {
    const [theirs, own] = [wanted.get(path) ?? 'absent', taken.get(path) ?? 'absent'];
    return theirs === own ? [] : [`${name} ${path}: described ${theirs}, taken ${own}`];
  });
}

describe('the operations', () => {
  it('are the 73 of the description, and no others', () => {
    expect(described.size).toBe(73);
    const missing = [...described.keys()].filter((name) => !ours.has(name));
    const unknown = [...ours.keys()].filter(
      (name) => !described.has(name) && !BEYOND.includes(name),
    );
    expect({ missing, unknown }).toEqual({ missing: [], unknown: [] });
  });

  it.each([...described])('take the described parameters: %s', (name, schema) => {
    const meant = (line: string): boolean => DELIBERATE.some((entry) => entry.line.test(line));
    expect(differences(name, schema).filter((line) => !meant(line))).toEqual([]);
  });
});

describe('merchant categories', () => {
  it('are those of the description', () => {
    const schema = resolve({ $ref: '#/components/schemas/issuing_merchant_category' });
    expect(Object.keys(CATEGORY_CODES).toSorted()).toEqual([...(schema.enum ?? [])].toSorted());
  });
});

describe('the table of deliberate differences', () => {
  it('has no entry that is no longer needed', () => {
    const lines = [...described].flatMap(([name, schema]) => differences(name, schema));
    const idle = DELIBERATE.filter(({ line }) => !lines.some((entry) => line.test(entry)));
    expect(idle.map(({ reason }) => reason)).toEqual([]);
  });
});
