/** What the global setup hands to every test file, by `inject`. */

export type FoundProgram =
  | { readonly path: string; readonly problem?: undefined }
  | { readonly path?: undefined; readonly problem: string };

export const TEMPLATE_DATABASE = 'issuing_template';

declare module 'vitest' {
  interface ProvidedContext {
    /** What test databases are cloned from; a run against a mutant gives a template of its own. */
    readonly templateDatabase: string;
    /** Administrator of the test server; its database is empty and stays so. */
    readonly ownerUrl: string;
    /** The processes' role on the same database. */
    readonly appUrl: string;
    /** Path of the Temporal CLI, or the reason why there is none. */
    readonly temporalCli: FoundProgram;
    /** Path of the time-skipping test server, or the reason why there is none. */
    readonly temporalTestServer: FoundProgram;
    /** A file with the bundle of `workflows/index.ts`; empty while that does not exist. */
    readonly workflowBundlePath: string;
  }
}
