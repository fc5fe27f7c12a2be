/** Metadata as a parameter, and how a change is merged into what is stored. */
import {
  METADATA_KEY_LENGTH_MAX,
  METADATA_KEYS_MAX,
  METADATA_VALUE_LENGTH_MAX,
} from '../machines/metadata-limits.ts';
import { invalidRequest } from './failure.ts';
import type { FormNode } from './form.ts';
import { type Field, field } from './parameter.ts';

/** A change of metadata: `null` clears all, a `null` value removes its key, everything else is merged. */
export type MetadataChange = Readonly<Record<string, string | null>> | null;

export const metadata = (): Field<MetadataChange, false> =>
  field({ type: 'object', additionalProperties: { type: 'string' } }, (node, path) => {
    if (node === '') return null;
    if (typeof node === 'string')
      throw invalidRequest(`Invalid object for ${path}`, { param: path });
    return Object.fromEntries(
      [...node.entries()].map(([key, value]) => metadataEntry(key, value, path)),
    );
  });

function metadataEntry(key: string, value: FormNode, path: string): [string, string | null] {
  const param = `${path}[${key}]`;
  if (typeof value !== 'string') throw invalidRequest('Metadata values must be strings', { param });
  if (key.length > METADATA_KEY_LENGTH_MAX || key === '') {
    throw invalidRequest(
      `Metadata keys must have 1 to ${METADATA_KEY_LENGTH_MAX} characters: ${key}`,
      { param },
    );
  }
  if (value.length > METADATA_VALUE_LENGTH_MAX) {
    throw invalidRequest(
      `Metadata values can have up to ${METADATA_VALUE_LENGTH_MAX} characters, but you passed in a value that is ${value.length} characters.`,
      { param },
    );
  }
  return [key, value === '' ? null : value];
}

/** Applies a change to stored metadata. Throws a 400 when more than 50 keys would remain. */
export function mergeMetadata(
  stored: Readonly<Record<string, string>>,
  change: MetadataChange | undefined,
): Readonly<Record<string, string>> {
  if (change === undefined) return stored;
  if (change === null) return {};
  const merged = new Map(Object.entries(stored));
  for (const [key, value] of Object.entries(change)) {
    if (value === null) merged.delete(key);
    else merged.set(key, value);
  }
  if (merged.size > METADATA_KEYS_MAX) {
    throw invalidRequest(`Metadata can have up to ${METADATA_KEYS_MAX} keys.`, {
      param: 'metadata',
    });
  }
  return Object.fromEntries(merged);
}
