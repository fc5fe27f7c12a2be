/** Keys of the API as their holders carry them: random, and recognised by their beginning where one has leaked. */
import { createHash, randomBytes } from 'node:crypto';

/** 256 bits: beyond guessing, so that a plain hash of it hides it. */
const SECRET_BYTES = 32;
const SHAPE = /^iok_[A-Za-z0-9_-]{43}$/;

export const newApiKeyToken = (): string =>
  `iok_${randomBytes(SECRET_BYTES).toString('base64url')}`;

export const isApiKeyToken = (text: string): boolean => SHAPE.test(text);

export const apiKeyHash = (token: string): Buffer => createHash('sha256').update(token).digest();
