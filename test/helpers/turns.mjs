// Loaded into a program with --import: on SIGUSR2 it writes how much CPU time its longest turn of the event loop has taken
// since the last time, in milliseconds. CPU time, as on a busy machine the time of the day measures others, too.
let longest = 0;
let before = process.cpuUsage();

function turn() {
  const { user, system } = process.cpuUsage(before);
  before = process.cpuUsage();
  longest = Math.max(longest, (user + system) / 1000);
  setImmediate(turn).unref();
}

turn();
process.on('SIGUSR2', () => {
  process.stderr.write(`longest turn ${longest}\n`);
  longest = 0;
});
