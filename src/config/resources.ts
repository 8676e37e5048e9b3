/** One template resource: which template makes which file, from which keys, and the commands around it. */
export interface ResourceSpec {
  /** The TOML file that declares it. */
  file: string;
  /** Template name, relative to the template directory. */
  src: string;
  /** Target file. */
  dest: string;
  keys: readonly string[];
  prefix: string;
  /** Permission bits for the target; null keeps those of an existing target. */
  mode: number | null;
  owner: string | null;
  group: string | null;
  uid: number | null;
  gid: number | null;
  /** Shell command that checks the staged file; '' means none. */
  checkCmd: string;
  /** Shell command that runs after the target changed; '' means none. */
  reloadCmd: string;
  checkTimeoutMs: number | null;
  reloadTimeoutMs: number | null;
}
