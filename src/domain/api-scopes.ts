/** What a key of the API may do: each scope includes the ones before it. */
export const API_SCOPES = ['read', 'operate', 'admin'] as const;
export type ApiScope = (typeof API_SCOPES)[number];

export const isApiScope = (text: string): text is ApiScope =>
  API_SCOPES.some((scope) => scope === text);

export const allows = (held: ApiScope, needed: ApiScope): boolean =>
  API_SCOPES.indexOf(held) >= API_SCOPES.indexOf(needed);
