/** Ids and cursors in paths and queries. */
import { Type } from 'typebox';
import { InvalidIdError } from '../../../domain/ids.ts';
import type { Page, PageOrRefusal } from '../../../ports/page.ts';
import { ApiError, type ErrorCode } from '../errors.ts';

export const IdParams = Type.Object({ id: Type.String() });

/** The id of a path; a text that cannot be one is simply not found. */
export function pathId<T>(parse: (text: string) => T, text: string, code: ErrorCode): T {
  try {
    return parse(text);
  } catch (error) {
    if (error instanceof InvalidIdError) throw new ApiError(code);
    throw error;
  }
}

/** The page, or 400 when the cursor is not of this list. */
export function pageOr400<T>(page: PageOrRefusal<T>): Page<T> {
  if (page === 'bad_cursor') throw new ApiError('CURSOR_INVALID');
  return page;
}
