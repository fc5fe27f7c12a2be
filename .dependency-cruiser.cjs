// The import rules of the project; `npm test` runs them (test/architecture.test.ts).
const npm = 'node_modules/';
module.exports = {
  forbidden: [
    {
      name: 'domain-is-pure',
      severity: 'error',
      comment: 'The domain room imports only itself: no npm, no node core, no clock, no SQL.',
      from: { path: '^src/domain/' },
      to: { pathNot: '^src/domain/' },
    },
    {
      name: 'ports-are-types',
      severity: 'error',
      comment:
        'A port describes a need in domain words; it may look at the domain and nothing else.',
      from: { path: '^src/ports/' },
      to: { pathNot: '^src/(domain|ports)/' },
    },
    {
      name: 'platform-knows-no-domain',
      severity: 'error',
      comment: 'Config, logging, metrics and shutdown are plumbing without domain words.',
      from: { path: '^src/platform/' },
      to: { path: '^(src/(domain|ports|reconciliation|adapters|apps)|workflows|activities)/' },
    },
    {
      name: 'workflows-only-domain',
      severity: 'error',
      comment:
        'Workflow code replays: at run time it loads only the domain and the workflow SDK. Types of activities are fine.',
      from: { path: '^workflows/' },
      to: {
        pathNot: ['^workflows/', '^src/domain/', npm + '@temporalio/(workflow|common)/'],
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'activities-use-ports',
      severity: 'error',
      comment: 'An activity calls a port it was handed; it never builds a pool or a Stripe client.',
      from: { path: '^activities/' },
      to: {
        pathNot: [
          '^activities/',
          '^src/(domain|ports|reconciliation)/',
          npm + '@temporalio/(activity|common)/',
        ],
      },
    },
    {
      name: 'reconciliation-uses-ports',
      severity: 'error',
      comment:
        'What compares us with Stripe runs in several processes: it is handed its ports, and knows neither SQL nor Stripe.',
      from: { path: '^src/reconciliation/' },
      to: { pathNot: '^src/(domain|ports|platform|reconciliation)/' },
    },
    {
      name: 'adapters-are-strangers',
      severity: 'error',
      comment: 'One adapter never imports another; they meet in an app.',
      from: { path: '^src/adapters/([^/]+)/' },
      to: { path: '^src/adapters/', pathNot: '^src/adapters/$1/' },
    },
    {
      name: 'adapters-look-inward',
      severity: 'error',
      comment: 'Adapters serve the core; the card contract they share lies in the domain.',
      from: { path: '^src/adapters/' },
      to: { path: '^(src/(apps|reconciliation)|activities|workflows)/' },
    },
    {
      name: 'apps-are-strangers',
      severity: 'error',
      comment: 'Processes share code through the rooms below, not through each other.',
      from: { path: '^src/apps/([^/]+)/' },
      to: { path: '^src/apps/', pathNot: '^src/apps/$1/' },
    },
    {
      name: 'nobody-imports-apps',
      severity: 'error',
      comment: 'An app is a leaf; only tests and benches may build one.',
      from: { pathNot: '^(src/apps|test|bench)/' },
      to: { path: '^src/apps/' },
    },
    {
      name: 'authorizer-never-reaches-temporal',
      severity: 'error',
      comment: 'The real-time path must not be able to load Temporal, even three imports away.',
      from: { path: '^src/apps/authorizer/' },
      to: {
        path: [
          npm + '@temporalio/',
          '^workflows/',
          '^activities/',
          '^src/adapters/temporal/',
          '^src/adapters/stripe/client[.]ts$',
        ],
        reachable: true,
      },
    },
    {
      name: 'simulator-is-a-stranger',
      severity: 'error',
      comment: 'The simulator plays Stripe: it must not share our ideas, nor we its code.',
      from: { path: '^src/simulator/' },
      to: {
        path: '^(src/(domain|ports|reconciliation|adapters|apps|client)|workflows|activities)/',
      },
    },
    {
      name: 'nobody-imports-the-simulator',
      severity: 'error',
      comment: 'Product code meets the simulator over HTTP only.',
      from: { pathNot: '^(src/simulator|src/apps/cli|test|bench)/' },
      to: { path: '^src/simulator/' },
    },
    {
      name: 'sdk-rooms',
      severity: 'error',
      comment: 'The Stripe library has one room (and whoever plays Stripe).',
      from: { pathNot: '^(src/adapters/stripe|src/simulator|src/apps/cli|test|bench)/' },
      to: { path: npm + 'stripe/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'sql-room',
      severity: 'error',
      comment: 'SQL has one room.',
      from: { pathNot: '^(src/adapters/postgres|test|bench)/' },
      to: { path: npm + 'postgres/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-test-in-product',
      severity: 'error',
      comment: 'Product code never leans on tests.',
      from: { path: '^(src|workflows|activities)/' },
      to: { path: '^(test|bench)/' },
    },
    {
      name: 'no-dev-dependency-in-product',
      severity: 'error',
      comment:
        'The image is installed without dev dependencies; what runs there must not load one.',
      from: { path: '^(src|workflows|activities)/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      comment: 'If two files need each other they are one file or three.',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-unresolvable',
      severity: 'error',
      comment: 'This import points nowhere.',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    // Packages that are ES modules only name their entry under "import", which is not looked at by default.
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default'],
    },
  },
};
