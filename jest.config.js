/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'es6' } },
    ],
  },
  globalSetup: '<rootDir>/test/helpers/temp-folder.mjs',
  globalTeardown: '<rootDir>/test/helpers/temp-folder-end.mjs',
  // Nothing waits so long but on a machine that has no time for it.
  testTimeout: 180_000,
  // Many tests wait for a clock or a socket; of two cores jest would leave one alone.
  maxWorkers: '100%',
};
