/** New ids of ours: random, so that one does not tell of another. */
import { randomUUID } from 'node:crypto';
import { idFrom } from '../../domain/ids.ts';

export const newId = (kind: Parameters<typeof idFrom>[0]): string =>
  idFrom(kind, randomUUID().replaceAll('-', ''));
