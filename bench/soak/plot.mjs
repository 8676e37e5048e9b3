const width = 900;
const height = 150;
const left = 70;
const colours = ['#1f77b4', '#d62728'];

/** The samples of a soak as an SVG: one panel for each measure, over minutes. */
export function plot(rows) {
  const panels = [
    ['resident memory, MB', ['rss_mb']],
    ['open descriptors', ['descriptors']],
    ['requests a second', ['requests_per_second']],
    ['latency, ms', ['p50_ms', 'p99_ms']],
  ];
  const total = panels.length * (height + 50) + 20;
  const body = panels.map(([title, names], n) => panel(rows, title, names, 30 + n * (height + 50))).join('');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${total}" font-family="sans-serif" font-size="12"><rect width="${width}" height="${total}" fill="white"/>${body}</svg>\n`;
}

function panel(rows, title, names, top) {
  const last = rows.at(-1).seconds;
  const most = ceiling(Math.max(...rows.flatMap((row) => names.map((name) => Number(row[name])))));
  const x = (seconds) => left + ((width - left - 20) * seconds) / last;
  const y = (value) => top + height - (height * value) / most;
  const lines = names.map((name, n) => {
    const points = rows.map((row) => `${x(row.seconds).toFixed(1)},${y(Number(row[name])).toFixed(1)}`).join(' ');
    const label = names.length > 1 ? text(width - 20 - 60 * n, top - 6, name, `end" fill="${colours[n]}`) : '';
    return `<polyline fill="none" stroke="${colours[n]}" stroke-width="1.5" points="${points}"/>${label}`;
  });
  const marks = [0, 0.5, 1].map((share) => {
    const at = y(most * share);
    return `<line x1="${left}" x2="${width - 20}" y1="${at}" y2="${at}" stroke="#ddd"/>${text(left - 6, at + 4, format(most * share), 'end')}`;
  });
  const minutes = [0, 0.25, 0.5, 0.75, 1].map((share) =>
    text(x(last * share), top + height + 16, `${format((last * share) / 60)} min`, 'middle'),
  );
  return text(left, top - 6, title, 'start" font-weight="bold') + marks.join('') + lines.join('') + minutes.join('');
}

function text(x, y, what, anchor) {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}">${what}</text>`;
}

/** The next of 1, 2, 5, 10, 20, … */
function ceiling(value) {
  const step = 10 ** Math.floor(Math.log10(Math.max(value, 1e-3)));
  return [1, 2, 5, 10].map((n) => n * step).find((n) => n >= value);
}

const format = (value) => String(Math.round(value * 10) / 10);
