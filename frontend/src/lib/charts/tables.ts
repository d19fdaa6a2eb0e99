import { date, fixed, int, percent } from '../format';
import type { ChartData, Grid, Kind, Table } from './types';

/** The same data as a table, for those who do not see the drawing, and for the CSV of a chart without an address. */
export function table(kind: Kind, data: ChartData[Kind]): Table {
  const make: { [K in Kind]: (data: ChartData[K]) => Table } = {
    intervals: (d) => ({
      head: ['Model', 'Rating', 'Low', 'High'],
      rows: d.models.map((m, i) => [m, int(d.rating[i]), int(d.low[i]), int(d.high[i])]),
    }),
    observed: (d) => square(d.models, d.observed, (v) => percent(v)),
    predicted: (d) => square(d.models, d.predicted, (v) => percent(v)),
    counts: (d) => square(d.models, d.n, (v) => int(v)),
    performance: (d) => ({
      head: ['Model', 'Wins', 'Losses', 'Ties', 'Gladiator score'],
      rows: d.models.map((m, i) => [
        m,
        int(d.wins[i]),
        int(d.losses[i]),
        int(d.ties[i]),
        fixed(d.score[i], 3),
      ]),
    }),
    history: (d) => ({
      head: ['Time', ...d.models],
      rows: d.t.map((t, i) => [date(t), ...d.models.map((m) => int(d.rating[m]?.[i]))]),
    }),
    track: (d) => ({
      head: ['Time', 'Rating', 'Low', 'High'],
      rows: d.t.map((t, i) => [date(t), int(d.rating[i]), int(d.low[i]), int(d.high[i])]),
    }),
  };
  return (make[kind] as (d: ChartData[Kind]) => Table)(data);
}

function square(models: string[], values: Grid, say: (value: number | null) => string): Table {
  return {
    head: ['Row against column', ...models],
    rows: models.map((m, y) => [m, ...models.map((_, x) => say(values[y]?.[x] ?? null))]),
  };
}

export function csv({ head, rows }: Table): string {
  const cell = (value: string | number | null) => {
    const text = String(value ?? '');
    return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [head, ...rows].map((row) => row.map(cell).join(',')).join('\n');
}
