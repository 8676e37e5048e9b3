import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

let tag: string | undefined;

/** The suffix of this process for the names of stage files: "confd-", host and pid namespace, pid and start time. */
export function ownTag(): string {
  tag ??= `confd-${ownPlace()}-${process.pid}-${ownStart()}`;
  return tag;
}

/** The host and the pid namespace as eight hexadecimal digits: a pid has no meaning in another namespace. */
export function ownPlace(): string {
  return createHash('md5').update(`${hostname()} ${pidNamespace()}`).digest('hex').slice(0, 8);
}

/** Field 22 of /proc/PID/stat; the second field, the program name, may hold spaces and parentheses. */
export function startTime(stat: string): string {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '0';
}

function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

function ownStart(): string {
  try {
    return startTime(readFileSync('/proc/self/stat', 'latin1'));
  } catch {
    return '0';
  }
}
