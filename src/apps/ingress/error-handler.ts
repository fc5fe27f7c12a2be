/** Turns whatever a request ended with into the one error shape. The text of our own failures stays inside. */
import type {
  FastifyError,
  FastifyReply,
  FastifyRequest,
  FastifySchemaValidationError,
} from 'fastify';
import { WorkflowsUnavailableError } from '../../ports/card-workflows.ts';
import {
  ApiError,
  ERRORS,
  type ErrorCode,
  errorBody,
  FIELDS_SHOWN_MAX,
  RepeatedError,
} from './errors.ts';

/** How long a caller should wait before it repeats what failed for an outage; seconds. */
const RETRY_AFTER_S = 2;
const HTTP_UNAVAILABLE = 503;
const HTTP_SERVER_ERROR = 500;
const HTTP_CLIENT_ERROR = 400;

const BODY_NOT_READ: readonly ErrorCode[] = ['BODY_TOO_LARGE', 'BODIES_WAIT'];

const CODE_OF_FASTIFY_ERROR: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'BODY_TOO_LARGE',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'UNSUPPORTED_MEDIA_TYPE',
  FST_ERR_CTP_INVALID_JSON_BODY: 'INVALID_JSON',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'INVALID_JSON',
};

export function createErrorHandler(isOutage: (error: unknown) => boolean) {
  return (error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    if (error instanceof RepeatedError) return reply.code(error.status).send(error.body);
    const known = toApiError(error, isOutage);
    const { status } = ERRORS[known.code];
    // Whoever sends bodies without an end must not fill the log too; the metrics count these.
    if (status >= HTTP_SERVER_ERROR && !BODY_NOT_READ.includes(known.code))
      request.log.error({ err: error, code: known.code }, 'request failed');
    // What is left of the body is not read: a request after it would have to wait for all of that.
    if (BODY_NOT_READ.includes(known.code)) reply.header('connection', 'close');
    if (status === HTTP_UNAVAILABLE) reply.header('retry-after', RETRY_AFTER_S);
    return reply.code(status).send(errorBody(known.code, known.details));
  };
}

function toApiError(error: FastifyError, isOutage: (error: unknown) => boolean): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof WorkflowsUnavailableError) return new ApiError('WORKFLOWS_UNAVAILABLE');
  if (isOutage(error)) return new ApiError('DATABASE_UNAVAILABLE');
  if (error.validation) {
    const part = error.validationContext ?? 'body';
    const fields = error.validation.slice(0, FIELDS_SHOWN_MAX).map((v) => fieldOf(v, part));
    return new ApiError('VALIDATION_FAILED', { fields });
  }
  const code = CODE_OF_FASTIFY_ERROR[error.code];
  if (code !== undefined) return new ApiError(code);
  if (error instanceof SyntaxError) return new ApiError('INVALID_JSON');
  const status = error.statusCode ?? HTTP_SERVER_ERROR;
  const isCallers = status >= HTTP_CLIENT_ERROR && status < HTTP_SERVER_ERROR;
  return new ApiError(isCallers ? 'BAD_REQUEST' : 'INTERNAL');
}

/** Where in the request a schema was broken; an unknown or a missing field is named itself. */
function fieldOf(problem: FastifySchemaValidationError, part: string) {
  const { instancePath, keyword, params, message = 'is not valid' } = problem;
  const parts = instancePath.split('/').filter((p) => p !== '');
  const named = keyword === 'required' ? params['missingProperty'] : params['additionalProperty'];
  if (typeof named === 'string') parts.push(named);
  return { in: part === 'querystring' ? 'query' : part, path: parts.join('.'), message };
}
