import { isGoingOn, type WatchedRun } from '../runs/index.ts';
import { axisLine, type Drawing, lineChart } from './chart.ts';
import { bar, durationText } from './progress.ts';
import { activityText, leftText, metricText, progressText, stateText } from './run-texts.ts';

/** Lines of a chart where there is room. */
const MOST_CHART_LINES = 7;
/** Without a line for so long, that is said. */
const QUIET_S = 15;

/**
 * A watched run as lines for a terminal: state, progress, figures, curves of the loss and of the metric that counts.
 *
 * @param size characters of a line, and lines, of the terminal
 */
export function screenLines(
  { status, curves }: WatchedRun,
  now: Date,
  size: { readonly columns: number; readonly rows: number; readonly drawing: Drawing },
): string[] {
  // One column and one line stay free: a full one would wrap or scroll.
  const [width, height] = [size.columns - 1, size.rows - 1];
  const metric = shownMetric({ status, curves });
  const head = [
    headline({ status, curves }, now),
    ...progressLine({ status, curves }, width),
    ...wrapped(activityText(status), width),
    ...(curves.skipped > 0 ? [`${curves.skipped} steps skipped: loss or gradient was not finite`] : []),
  ];
  const charts = [
    { title: 'loss', points: curves.loss },
    ...(metric === null ? [] : [{ title: metric.title, points: curves.metric(metric.name) }]),
  ].filter(({ points }) => points.length > 0);
  const room = Math.floor((height - 1 - head.length) / Math.max(1, charts.length)) - 2;
  const lines = Math.min(MOST_CHART_LINES, room);
  const to = status.steps ?? status.step;
  const drawn = charts.flatMap(({ title, points }) => [
    '',
    title,
    ...lineChart(points, { width, height: Math.max(0, lines), to, drawing: size.drawing }),
  ]);
  const axis = drawn.length > 0 ? [axisLine(to, width)] : [];
  return [...head, ...(lines > 0 ? [...drawn, ...axis] : [])]
    .map((line) => cut(line, width))
    .slice(0, height);
}

/** A watched run as one line of a log. */
export function plainLine(watched: WatchedRun, now: Date): string {
  const { status } = watched;
  const quietS = quietSeconds(status, now);
  const parts = [
    now.toISOString().slice(11, 19),
    stateText(status),
    progressText(status),
    activityText(status),
    latestText(watched),
    isGoingOn(status.state) && quietS > QUIET_S ? quietText(status, quietS) : null,
    leftText(secondsLeft(watched)),
  ];
  return parts.filter((part) => part !== null && part !== '').join('  ');
}

/** Seconds to the end of a run that goes on; null where that is not known. */
export function secondsLeft({ status, curves }: WatchedRun): number | null {
  return status.steps === null || !isGoingOn(status.state) ? null : curves.secondsLeft(status.steps);
}

function headline({ status }: WatchedRun, now: Date): string {
  const parts = [status.name, stateText(status)];
  if (status.remote !== null) parts.push(`on ${status.remote}`);
  const quietS = quietSeconds(status, now);
  if (isGoingOn(status.state)) {
    parts.push(`since ${durationText((now.getTime() - Date.parse(status.createdAt)) / 1000)}`);
    if (quietS > QUIET_S) parts.push(quietText(status, quietS));
  }
  return parts.join('  ');
}

function quietSeconds({ lastAt }: WatchedRun['status'], now: Date): number {
  return lastAt === null ? 0 : (now.getTime() - Date.parse(lastAt)) / 1000;
}

/** What a run does that has not written a line for so long. */
function quietText({ activity }: WatchedRun['status'], seconds: number): string {
  if (activity === null || activity === 'training') return `last line ${durationText(seconds)} ago`;
  return `${activity} for ${durationText(seconds)}`;
}

function progressLine(watched: WatchedRun, width: number): string[] {
  const { status } = watched;
  const text = [`${progressText(status)}`, leftText(secondsLeft(watched))]
    .filter((part) => part !== null)
    .join('  ');
  const room = Math.min(40, width - text.length - 4);
  if (status.steps === null || room < 8) return [`steps ${text}`];
  return [`${bar(status.step, status.steps, room)}  ${text}`];
}

/** The metric whose curve is drawn: what early stopping watches, or AUROC, or the loss on dev. */
function shownMetric({ status, curves }: WatchedRun): { name: string; title: string } | null {
  const names = curves.metricNames;
  const watched = status.metric?.name;
  const name = [watched, 'auroc', 'loss'].find((each) => each !== undefined && names.includes(each));
  if (name === undefined) return null;
  const last = curves.metric(name).at(-1)!.y;
  const best = name === watched && status.metric?.isBest ? metricText(status.metric) : null;
  return {
    name,
    title: `${name} on dev: last ${last.toFixed(4)}${best === null ? '' : `, best ${best.split(' ').at(-1)}`}`,
  };
}

function latestText(watched: WatchedRun): string | null {
  const metric = shownMetric(watched);
  if (metric === null) return null;
  return `${metric.name} ${watched.curves.metric(metric.name).at(-1)!.y.toFixed(4)}`;
}

/** Parts of two blanks between them as lines that fit. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const part of text.split('  ').filter((each) => each !== '')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 2 + part.length <= width)
      lines[lines.length - 1] = `${last}  ${part}`;
    else lines.push(part);
  }
  return lines;
}

function cut(line: string, width: number): string {
  return [...line.replaceAll(/\p{Cc}/gu, ' ')].slice(0, Math.max(0, width)).join('');
}
