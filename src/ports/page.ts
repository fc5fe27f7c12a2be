/** A part of a list, newest first. The cursor is the id of the last row of the page before. */
export interface PageRequest {
  readonly limit: number;
  readonly after?: string | undefined;
}

export interface Page<T> {
  readonly data: T[];
  /** Given as `after` it brings the next page; null at the end of the list. */
  readonly nextCursor: string | null;
}

/** `bad_cursor`: no row of this list has the id that was given as `after`. */
export type PageOrRefusal<T> = Page<T> | 'bad_cursor';
