/** Programs as one file each: to find and load some hundred modules is most of what a start takes. */
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
/** Loaded only where a collector is configured, so they stay outside. */
const LOADED_ON_DEMAND = [
  '@opentelemetry/exporter-trace-otlp-http',
  '@opentelemetry/resources',
  '@opentelemetry/sdk-trace',
];
/** Modules in CommonJS ask for Node's own with `require`, which a module of the other kind does not have. */
const REQUIRE =
  "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);";

/**
 * Writes each program into `folder` at its place in the project, as JavaScript with a source map. Types are not checked.
 *
 * @returns the files that went in, from the root of the project
 */
export async function bundle(programs: readonly URL[], folder: string): Promise<readonly string[]> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: programs.map((program) => fileURLToPath(program)),
    outbase: root,
    outdir: folder,
    bundle: true,
    platform: 'node',
    target: 'node20.19',
    format: 'esm',
    banner: { js: REQUIRE },
    external: LOADED_ON_DEMAND,
    sourcemap: 'linked',
    metafile: true,
    logLevel: 'warning',
  });
  return Object.keys(metafile.inputs);
}
