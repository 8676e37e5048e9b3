// Is a history of one register linearizable? Wing and Gong's search: some order of the operations that keeps to real time
// must explain every answer.

/** What an operation does to the register: the next value, or undefined where its answer cannot have been given. */
function step(value, { kind, from, to, result }) {
  switch (kind) {
    case 'read':
      return result === value ? value : undefined;
    case 'write':
      return to;
    default: // swap: without an answer it may have done its work or not
      if (result === undefined) return value === from ? to : value;
      return (value === from) === result ? (result ? to : value) : undefined;
  }
}

/** Calls and returns in the order of time, as a linked list; who was never answered returns at the end. */
function timeline(history) {
  const events = history.flatMap((op, id) => [
    { id, op, isCall: true, time: op.start },
    { id, op, isCall: false, time: op.end ?? Infinity },
  ]);
  events.sort((a, b) => (a.time === b.time ? Number(b.isCall) - Number(a.isCall) : a.time < b.time ? -1 : 1));
  const head = { next: undefined };
  const calls = [];
  events.reduce((previous, event) => {
    previous.next = event;
    event.previous = previous;
    if (event.isCall) calls[event.id] = event;
    else calls[event.id].back = event;
    return event;
  }, head);
  return head;
}

const unlink = (event) => {
  event.previous.next = event.next;
  if (event.next !== undefined) event.next.previous = event.previous;
};
const relink = (event) => {
  event.previous.next = event;
  if (event.next !== undefined) event.next.previous = event;
};

/**
 * True where the operations `{kind: 'read' | 'write' | 'swap', from, to, result, start, end}` on a register that held
 * `initial` are linearizable. `end` is undefined for one that was never answered; a read has its value as result.
 */
export function isLinearizable(history, initial) {
  const head = timeline(history.filter(({ kind, end }) => kind !== 'read' || end !== undefined));
  const seen = new Set();
  const done = new Set();
  const trail = [];
  let value = initial;
  let event = head.next;
  while (head.next !== undefined) {
    if (event?.isCall) {
      const next = step(value, event.op);
      done.add(event.id);
      const key = next === undefined ? '' : `${next} ${mark(done)}`;
      if (next !== undefined && !seen.has(key)) {
        seen.add(key);
        trail.push({ event, value });
        value = next;
        unlink(event);
        unlink(event.back);
        event = head.next;
      } else {
        done.delete(event.id);
        event = event.next;
      }
      continue;
    }
    // An answer without a place for its call: back to the last choice.
    const choice = trail.pop();
    if (choice === undefined) return false;
    relink(choice.event.back);
    relink(choice.event);
    done.delete(choice.event.id);
    ({ value } = choice);
    event = choice.event.next;
  }
  return true;
}

/** A set of numbers in few letters: all below the first gap, and the rest. */
function mark(done) {
  let low = 0;
  while (done.has(low)) low += 1;
  const rest = [];
  for (const id of done) if (id > low) rest.push(id);
  return `${low}:${rest.sort((a, b) => a - b).join()}`;
}
