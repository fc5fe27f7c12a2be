/** Lists: newest first, page by page. */
import { type Static, type TSchema, Type } from 'typebox';

/** Enough for a screen; a caller that wants everything follows the cursor. */
const PAGE_LIMIT_DEFAULT = 20;
/** Keeps an answer below about 100 kB. */
const PAGE_LIMIT_MAX = 100;

export const pageFields = {
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: PAGE_LIMIT_MAX, default: PAGE_LIMIT_DEFAULT }),
  ),
  after: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 255,
      description: 'The `nextCursor` of the page before.',
    }),
  ),
};

export const PageQuery = Type.Object(pageFields, { additionalProperties: false });
export type PageQuery = Static<typeof PageQuery>;

/** The page of a query in which `limit` may be absent. */
export const pageOfQuery = (query: PageQuery) => ({
  limit: query.limit ?? PAGE_LIMIT_DEFAULT,
  after: query.after,
});

export const pageOf = <S extends TSchema>(item: S) =>
  Type.Object({
    data: Type.Array(item),
    nextCursor: Type.Union([Type.String(), Type.Null()], {
      description: 'Given as `after` it brings the next page; null at the end.',
    }),
  });

export interface Page<T> {
  data: T[];
  nextCursor: string | null;
}
