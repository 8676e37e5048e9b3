/** The version that -version prints; test/cli/version.test.ts holds it to package.json's. */
export const version = '0.1.0';

/** Set by scripts/build.mjs. */
declare const GIT_SHA: string | undefined;

/** confd's output for -version. */
export function versionLine(node: string): string {
  const sha = typeof GIT_SHA === 'undefined' ? '' : GIT_SHA;
  return `confd ${version} (Git SHA: ${sha}, Node Version: ${node})\n`;
}
