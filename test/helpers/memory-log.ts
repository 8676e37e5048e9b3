import type { Logger } from '../../src/obs/log.ts';

/** A logger that keeps its lines as "LEVEL message". */
export function memoryLog(): Logger & { readonly lines: string[] } {
  const lines: string[] = [];
  const at = (level: string) => (message: string) => {
    lines.push(`${level} ${message}`);
  };
  return {
    lines,
    debug: at('DEBUG'),
    info: at('INFO'),
    warning: at('WARNING'),
    error: at('ERROR'),
    fatal: at('FATAL'),
  };
}
