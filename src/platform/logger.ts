/** Structured logs: one JSON line an event, on standard output. Personal data never goes here, only ids. */
import { type Logger, pino, stdTimeFunctions } from 'pino';

export type { Logger } from 'pino';

export const createLogger = (options: { name: string; level: string }): Logger =>
  pino({
    name: options.name,
    level: options.level,
    timestamp: stdTimeFunctions.isoTime,
    // A second net below the rule that nobody logs secrets or personal data: Postgres puts values of rows into these.
    redact: [
      'authorization',
      'headers.authorization',
      'headers["stripe-signature"]',
      'secret',
      ...['detail', 'where', 'query', 'parameters', 'args'].map((field) => `err.${field}`),
    ],
  });
