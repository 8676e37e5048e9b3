/** The version that -version prints; test/cli/version.test.ts holds it to package.json's. */
export const version = '0.1.0';
