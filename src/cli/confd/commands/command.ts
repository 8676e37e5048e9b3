import type { RenderRequest } from '../preview/prepare.ts';
import type { Setting } from '../../../config/schema/schema.ts';
import type { FlagSpec, FlagValue } from '../../../go/flag.ts';

/** The commands that render without writing; each resolves to the exit code. */
export interface Previews {
  print(request: RenderRequest): Promise<number>;
  diff(request: RenderRequest): Promise<number>;
}

/** The command line of a command. */
export interface CommandLine {
  /** The name of the program, for messages. */
  readonly program: string;
  /** The flags that were given: those of the command, and confd's flags if the command takes them. */
  readonly flags: ReadonlyMap<string, FlagValue>;
  /** The words after the flags. */
  readonly operands: readonly string[];
  /** The environment, as text. */
  readonly env: ReadonlyMap<string, string>;
  /** Loads the code that renders, which is part of the agent. */
  readonly loadPreviews: () => Promise<Previews>;
  /** The table of all commands. */
  readonly commands: readonly Command[];
}

/** A command, as the first word of the command line. Help, completion and messages are made from these entries. */
export interface Command {
  readonly name: string;
  /** One line for the help. */
  readonly summary: string;
  /** The words that may follow the flags, as the help shows them; '' for none. */
  readonly operands: string;
  /** Its own flags. */
  readonly flags: readonly (FlagSpec & Pick<Setting, 'choices'>)[];
  /** Whether the command also takes confd's flags, except -version and -print-config. */
  readonly takesSettings: boolean;
  /** Resolves to the exit code. Loads its code here, so that a start of the agent does not load it. */
  readonly run: (line: CommandLine) => Promise<number>;
}
