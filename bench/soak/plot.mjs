const width = 900;
const height = 110;
const gap = 50;
const left = 70;
const right = 36;
const above = 80; // title and summary
const colours = ['#1f77b4', '#d62728', '#7fb2d9', '#eb9394'];

const panels = [
  { title: 'resident memory, MB', lines: { rss_mb: '' } },
  { title: 'open descriptors', lines: { descriptors: '' } },
  { title: 'data directory, MB', lines: { disk_mb: '' } },
  { title: 'requests a second', lines: { requests_per_second: '' } },
  {
    title: 'latency in ms, on a logarithmic scale',
    scale: logarithmic,
    lines: {
      read_p50_ms: 'reads, median',
      write_p50_ms: 'writes, median',
      read_p99_ms: 'reads, p99',
      write_p99_ms: 'writes, p99',
    },
  },
];

/** The samples of a soak as an SVG: one panel for each measure, over minutes. */
export function plot(rows, title, summary) {
  const total = above + panels.length * (height + gap);
  const body = panels.map((panel, n) => draw(rows, panel, above + n * (height + gap))).join('');
  const head = text(left, 24, title, 'start', 'font-size="16" font-weight="bold"') + text(left, 43, summary, 'start');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${total}" font-family="sans-serif" font-size="12"><rect width="${width}" height="${total}" fill="white"/>${head}${body}</svg>\n`;
}

function draw(rows, { title, lines, scale = linear }, top) {
  const names = Object.keys(lines);
  const last = rows.at(-1).seconds;
  const { place, marks } = scale(rows.flatMap((row) => names.map((name) => Number(row[name]))));
  const x = (seconds) => left + ((width - left - right) * seconds) / last;
  const y = (value) => top + height * (1 - place(value));
  const grid = marks.map((mark) => level(y(mark), format(mark)));
  const minutes = ticks(last / 60).map((minute) =>
    text(x(minute * 60), top + height + 16, `${format(minute)} min`, 'middle'),
  );
  const curves = names.map((name, n) => {
    const points = rows.map((row) => `${x(row.seconds).toFixed(1)},${y(Number(row[name])).toFixed(1)}`).join(' ');
    return `<polyline fill="none" stroke="${colours[n]}" stroke-width="1.5" points="${points}"/>`;
  });
  const legend = Object.values(lines).map((label, n) =>
    text(width - right - (names.length - 1 - n) * 110, top - 8, label, 'end', `fill="${colours[n]}"`),
  );
  const name = text(left, top - 8, title, 'start', 'font-weight="bold"');
  return [name, ...legend, ...grid, ...minutes, ...curves].join('');
}

function level(y, label) {
  const at = y.toFixed(1);
  return `<line x1="${left}" x2="${width - right}" y1="${at}" y2="${at}" stroke="#ddd"/>${text(left - 6, y + 4, label, 'end')}`;
}

function text(x, y, what, anchor, more = '') {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" ${more}>${what}</text>`;
}

/** From zero to the next round number. */
function linear(values) {
  const marks = ticks(Math.max(...values, 1) * 1.05);
  const most = Math.max(...values, marks.at(-1)) * 1.05;
  return { marks, place: (value) => value / most };
}

/** Whole powers of ten around the values. */
function logarithmic(values) {
  const positive = values.filter((value) => value > 0);
  const from = Math.floor(Math.log10(Math.min(...positive)));
  const to = Math.ceil(Math.log10(Math.max(...positive)));
  const marks = Array.from({ length: to - from + 1 }, (_, n) => 10 ** (from + n));
  return { marks, place: (value) => (Math.log10(Math.max(value, 10 ** from)) - from) / Math.max(to - from, 1) };
}

/** Three to six round numbers from zero up to a limit. */
function ticks(limit) {
  const rough = limit / 5;
  const ten = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((n) => n * ten).find((n) => n >= rough);
  return Array.from({ length: Math.floor(limit / step + 1e-9) + 1 }, (_, n) => n * step);
}

const format = (value) =>
  value >= 1000 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(3)));
