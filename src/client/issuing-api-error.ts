/** What the client throws when the API refuses, or cannot be reached. */
export interface IssuingApiErrorFields {
  /** HTTP status; 0 when no answer came. */
  readonly status: number;
  /** A code of docs/api.md, or `NETWORK_ERROR` when no answer came. */
  readonly code: string;
  readonly message: string;
  readonly details?: Readonly<Record<string, unknown>> | undefined;
  /** Names the request in the server's logs. */
  readonly requestId?: string | undefined;
  readonly cause?: unknown;
}

export class IssuingApiError extends Error {
  override readonly name = 'IssuingApiError';
  readonly status: number;
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly requestId: string | undefined;

  constructor(fields: IssuingApiErrorFields) {
    super(`${fields.code}: ${fields.message}`, { cause: fields.cause });
    this.status = fields.status;
    this.code = fields.code;
    this.details = fields.details ?? {};
    this.requestId = fields.requestId;
  }
}
