import type { CustomSeriesRenderItemAPI, CustomSeriesRenderItemParams } from 'echarts';
import type { ComposeOption } from 'echarts/core';
import type {
  BarSeriesOption,
  CustomSeriesOption,
  HeatmapSeriesOption,
  LineSeriesOption,
} from 'echarts/charts';
import type {
  GridComponentOption,
  LegendComponentOption,
  TooltipComponentOption,
  VisualMapComponentOption,
} from 'echarts/components';
import { date, fixed, int, percent } from '../format';
import type { Palette } from './palette';
import type { ChartData, Counts, Grid, History, Intervals, Kind, Performance, Track } from './types';

export type Option = ComposeOption<
  | BarSeriesOption
  | CustomSeriesOption
  | HeatmapSeriesOption
  | LineSeriesOption
  | GridComponentOption
  | LegendComponentOption
  | TooltipComponentOption
  | VisualMapComponentOption
>;

/** The height a chart needs, in pixels, for its data at this width. */
export function height(kind: Kind, data: ChartData[Kind], width: number): number {
  const n = data.models.length;
  if (kind === 'history') return width < 600 ? 420 : 480;
  if (kind === 'track') return 280;
  if (kind === 'intervals' || kind === 'performance') return 74 + n * 26;
  return (
    Math.min(Math.max(260, n * 34), Math.max(340, width - labelWidth(data.models, width))) +
    labelWidth(data.models, width)
  );
}

const labelWidth = (models: string[], width: number) =>
  Math.min(width < 600 ? 110 : 190, 18 + 7.2 * Math.max(...models.map((m) => m.length), 4));

export function option(kind: Kind, data: ChartData[Kind], width: number, look: Palette): Option {
  const make: { [K in Kind]: (data: ChartData[K]) => Option } = {
    intervals: (d) => intervals(d, width, look),
    observed: (d) => grid(d.models, d.observed, d.n, width, look, 'share'),
    predicted: (d) => grid(d.models, d.predicted, null, width, look, 'share'),
    history: (d) => history(d, width, look),
    performance: (d) => performance(d, width, look),
    counts: (d: Counts) => grid(d.models, d.n, null, width, look, 'count'),
    track: (d) => track(d, look),
  };
  const built = (make[kind] as (d: ChartData[Kind]) => Option)(data);
  return {
    animationDuration: 400,
    textStyle: { fontFamily: look.font, color: look.ink, fontSize: 13 },
    ...built,
    tooltip: {
      renderMode: 'richText',
      confine: true,
      backgroundColor: look.raised,
      borderColor: look.line,
      textStyle: { color: look.ink, fontFamily: look.font, fontSize: 13 },
      ...(built.tooltip as object),
    },
  };
}

const axis = (look: Palette) => ({
  axisLine: { show: false },
  axisTick: { show: false },
  axisLabel: { color: look.quiet, hideOverlap: true },
  splitLine: { lineStyle: { color: look.line } },
});

function modelAxis(models: string[], width: number, look: Palette) {
  return {
    type: 'category' as const,
    data: models,
    inverse: true,
    ...axis(look),
    axisLabel: {
      color: look.ink,
      width: labelWidth(models, width) - 12,
      overflow: 'truncate' as const,
      interval: 0,
    },
  };
}

function intervals(data: Intervals, width: number, look: Palette): Option {
  const draw = (_: CustomSeriesRenderItemParams, api: CustomSeriesRenderItemAPI) => {
    const at = (i: number) => api.coord([api.value(i), api.value(0)]) as [number, number];
    const [low, high, point] = [at(2), at(3), at(1)];
    return {
      type: 'group' as const,
      children: [
        {
          type: 'rect' as const,
          shape: { x: low[0], y: low[1] - 4, width: Math.max(1, high[0] - low[0]), height: 8, r: 2 },
          style: { fill: look.a, opacity: 0.32 },
        },
        { type: 'circle' as const, shape: { cx: point[0], cy: point[1], r: 4.5 }, style: { fill: look.a } },
      ],
    };
  };
  return {
    grid: { left: labelWidth(data.models, width), right: 20, top: 8, bottom: 34 },
    xAxis: { type: 'value', scale: true, ...axis(look) },
    yAxis: modelAxis(data.models, width, look),
    tooltip: {
      formatter: (p) => {
        const i = (Array.isArray(p) ? p[0] : p)?.dataIndex ?? 0;
        return `${data.models[i]}\n${int(data.rating[i])}, interval ${int(data.low[i])} to ${int(data.high[i])}`;
      },
    },
    series: [
      {
        type: 'custom',
        renderItem: draw,
        encode: { x: [1, 2, 3], y: 0 },
        data: data.models.map((_, i) => [i, data.rating[i] ?? 0, data.low[i] ?? 0, data.high[i] ?? 0]),
      },
    ],
  };
}

function grid(
  models: string[],
  values: Grid,
  n: Grid | null,
  width: number,
  look: Palette,
  what: 'share' | 'count',
): Option {
  const cells = values.flatMap((row, y) =>
    row.flatMap((value, x) => (value === null ? [] : [[x, y, value] as [number, number, number]])),
  );
  const most = what === 'share' ? 1 : Math.max(1, ...cells.map((cell) => cell[2]));
  const say = (value: number) => (what === 'share' ? percent(value) : int(value));
  const left = labelWidth(models, width);
  const roomy = (width - left) / models.length > 38;
  return {
    grid: { left, right: 8, top: 8, bottom: left },
    xAxis: {
      type: 'category',
      data: models,
      ...axis(look),
      splitLine: { show: false },
      axisLabel: { color: look.ink, rotate: 60, interval: 0, width: left - 24, overflow: 'truncate' },
    },
    yAxis: { ...modelAxis(models, width, look), splitLine: { show: false } },
    visualMap: {
      show: false,
      min: 0,
      max: most,
      inRange: { color: what === 'share' ? [look.b, look.paper, look.a] : [look.paper, look.a] },
    },
    tooltip: {
      formatter: (p) => {
        const [x, y, value] = (Array.isArray(p) ? p[0] : p)?.value as [number, number, number];
        if (what === 'count') return `${models[y]} and ${models[x]}\n${int(value)} battles`;
        const seen = n?.[y]?.[x];
        return `${models[y]} against ${models[x]}\n${say(value)}${seen ? ` of ${int(seen)} battles` : ''}`;
      },
    },
    series: [
      {
        type: 'heatmap',
        data: cells.map((value) => ({ value, label: { color: contrast(what, value[2] / most, look) } })),
        label: {
          show: roomy,
          formatter: (p) =>
            what === 'share'
              ? fixed(100 * Number((p.value as number[])[2]), 0)
              : int((p.value as number[])[2]),
          fontSize: 12,
        },
        itemStyle: { borderColor: look.paper, borderWidth: 1 },
        emphasis: { itemStyle: { borderColor: look.ink } },
      },
    ],
  };
}

/** Dark words on pale cells, pale ones on strong cells. */
function contrast(what: 'share' | 'count', share: number, look: Palette): string {
  const strength = what === 'share' ? Math.abs(share - 0.5) * 2 : share;
  return strength > 0.74 ? look.paper : look.ink;
}

function performance(data: Performance, width: number, look: Palette): Option {
  const bar = (name: string, values: number[], color: string) => ({
    type: 'bar' as const,
    name,
    stack: 'all',
    data: values,
    itemStyle: { color, opacity: 0.86 },
    barWidth: 14,
    emphasis: { disabled: true },
  });
  return {
    grid: { left: labelWidth(data.models, width), right: 20, top: 34, bottom: 34 },
    legend: { top: 0, left: 0, textStyle: { color: look.ink }, itemHeight: 10, itemWidth: 16 },
    xAxis: [
      { type: 'value', ...axis(look) },
      { type: 'value', min: 0, max: 1, position: 'top', show: false },
    ],
    yAxis: modelAxis(data.models, width, look),
    tooltip: { trigger: 'axis', axisPointer: { type: 'shadow' } },
    series: [
      bar('Wins', data.wins, look.a),
      bar('Ties', data.ties, look.tie),
      bar('Losses', data.losses, look.b),
      {
        type: 'line',
        name: 'Gladiator score',
        xAxisIndex: 1,
        data: data.score.map((score, i) => [score, i]),
        lineStyle: { color: look.ink, width: 1.5 },
        itemStyle: { color: look.ink, borderColor: look.paper, borderWidth: 1.5 },
        symbol: 'circle',
        symbolSize: 7,
        z: 5,
        tooltip: { valueFormatter: (value) => fixed(Number(Array.isArray(value) ? value[0] : value), 3) },
      },
    ],
  };
}

function timeAxis(look: Palette) {
  return { type: 'time' as const, ...axis(look), splitLine: { show: false } };
}

function history(data: History, width: number, look: Palette): Option {
  const kinds = ['solid', 'dashed', 'dotted'] as const;
  return {
    grid: { left: 46, right: 16, top: 12, bottom: width < 600 ? 120 : 90 },
    legend: {
      type: 'scroll',
      bottom: 0,
      textStyle: { color: look.ink },
      pageTextStyle: { color: look.quiet },
      pageIconColor: look.ink,
      pageIconInactiveColor: look.line,
    },
    xAxis: timeAxis(look),
    yAxis: { type: 'value', scale: true, ...axis(look) },
    tooltip: { trigger: 'item', formatter: (p) => tip(p as { seriesName?: string; value?: unknown }) },
    series: data.models.map((name, i) => {
      const color = look.series[i % look.series.length] ?? look.ink;
      return {
        type: 'line' as const,
        name,
        data: data.t.map((t, j) => [t * 1000, data.rating[name]?.[j] ?? null] as [number, number | null]),
        symbol: 'circle',
        symbolSize: 5,
        showSymbol: data.t.length < 3,
        lineStyle: { width: 2, color, type: kinds[Math.floor(i / look.series.length) % 3] ?? 'solid' },
        itemStyle: { color },
        emphasis: { focus: 'series' as const },
      };
    }),
  };
}
const tip = (p: { seriesName?: string; value?: unknown }) => {
  const [t, rating] = p.value as [number, number];
  return `${p.seriesName}\n${date(t / 1000)}: ${int(rating)}`;
};

/** The first few battles tell next to nothing: their intervals would flatten all that comes after. */
function calmRange({ rating, low, high }: Track): { min?: number; max?: number } {
  const widths = high.map((top, i) => top - (low[i] ?? top));
  const calm = widths.map((width) => width <= 4 * (widths.at(-1) ?? 0));
  if (calm.every(Boolean) || !widths.at(-1)) return {};
  const shown = (values: number[]) => [...rating, ...values.filter((_, i) => calm[i])];
  return {
    min: Math.floor(Math.min(...shown(low)) / 50) * 50,
    max: Math.ceil(Math.max(...shown(high)) / 50) * 50,
  };
}

function track(data: Track, look: Palette): Option {
  const at = (values: number[]) =>
    data.t.map((t, i) => [t * 1000, values[i] ?? null] as [number, number | null]);
  const quiet = {
    type: 'line' as const,
    symbol: 'none',
    lineStyle: { opacity: 0 },
    silent: true,
    stack: 'band',
  };
  return {
    grid: { left: 46, right: 16, top: 12, bottom: 30 },
    xAxis: timeAxis(look),
    yAxis: { type: 'value', scale: true, ...calmRange(data), ...axis(look) },
    tooltip: {
      trigger: 'axis',
      formatter: (p) => {
        const i = (Array.isArray(p) ? p[0] : p)?.dataIndex ?? 0;
        return `${date(data.t[i])}\n${int(data.rating[i])}, interval ${int(data.low[i])} to ${int(data.high[i])}`;
      },
    },
    series: [
      { ...quiet, name: 'low', data: at(data.low), stackStrategy: 'all' },
      {
        ...quiet,
        name: 'band',
        data: at(data.high.map((high, i) => high - (data.low[i] ?? high))),
        areaStyle: { color: look.a, opacity: 0.16 },
        stackStrategy: 'all',
      },
      {
        type: 'line',
        name: 'rating',
        data: at(data.rating),
        symbol: 'circle',
        symbolSize: 5,
        showSymbol: data.t.length < 3,
        lineStyle: { color: look.a, width: 2 },
        itemStyle: { color: look.a },
      },
    ],
  };
}
