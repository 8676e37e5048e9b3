import type { RenderRequest } from '../preview/prepare.ts';
import type { Setting } from '../../../config/schema/schema.ts';
import type { FlagSpec, FlagValue } from '../../../go/flag.ts';

/** What renders without writing; each resolves to the exit code. */
export interface Previews {
  print(request: RenderRequest): Promise<number>;
  diff(request: RenderRequest): Promise<number>;
}

/** What a command is called with. */
export interface CommandLine {
  /** The name that confd was called by, for messages. */
  readonly program: string;
  /** The flags that were given: the command's own, and confd's where it takes them. */
  readonly flags: ReadonlyMap<string, FlagValue>;
  /** The words behind the flags. */
  readonly operands: readonly string[];
  /** The environment, as text. */
  readonly env: ReadonlyMap<string, string>;
  /** Loads what renders, which is a part of the agent's code. */
  readonly loadPreviews: () => Promise<Previews>;
  /** The table that the command is in. */
  readonly commands: readonly Command[];
}

/** What can stand in place of flags: an entry of the table that help, completion and messages are made from. */
export interface Command {
  readonly name: string;
  /** One line for the help. */
  readonly summary: string;
  /** What may follow the flags, as the help shows it; '' for a command that takes no words. */
  readonly operands: string;
  /** Its own flags. */
  readonly flags: readonly (FlagSpec & Pick<Setting, 'choices'>)[];
  /** Whether confd's flags are taken, too, besides -version and -print-config. */
  readonly takesSettings: boolean;
  /** Resolves to the exit code. What it needs is loaded here, so that a start of the agent does not pay for it. */
  readonly run: (line: CommandLine) => Promise<number>;
}
