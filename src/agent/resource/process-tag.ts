import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

let tag: string | undefined;

/** What this process puts into the names of its stage files: "confd-", its host and pid namespace, pid and start time. */
export function ownTag(): string {
  tag ??= `confd-${ownPlace()}-${process.pid}-${ownStart()}`;
  return tag;
}

/** The host and pid namespace, as eight hexadecimal digits: a pid means nothing in another. */
export function ownPlace(): string {
  return createHash('md5').update(`${hostname()} ${pidNamespace()}`).digest('hex').slice(0, 8);
}

/** Field 22 of /proc/PID/stat; the second one, the program's name, may hold spaces and parentheses. */
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
