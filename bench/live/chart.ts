/** The results as a picture: for each measure a row of bars, the ratio of every forwarder to the kernel bridge. */
import { BarChart } from 'echarts/charts';
import { GridComponent, MarkLineComponent, TitleComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { BARS } from './bars.js';
import type { Row } from './result.js';
import { figureOf } from './words.js';

use([BarChart, GridComponent, MarkLineComponent, TitleComponent, SVGRenderer]);

const WIDTH = 960;
const HEAD = 70;
const LINE = 24;
const PANEL_TITLE = 34;
const PANEL_FOOT = 26;
const LABELS = 220;

const OURS = '#2f6f4f';
const YARDSTICK = '#555555';
const PEERS = '#9aa7b1';
const TEXT = '#222222';
const BROKEN = '#b3372f';

interface Panel {
  readonly rows: readonly Row[];
  readonly top: number;
}

/** @returns an SVG document */
export function chartOf(results: readonly Row[], title: string, facts: string): string {
  const panels: Panel[] = [];
  let top = HEAD;
  for (const measure of new Set(results.map((row) => row.measure))) {
    const rows = results.filter((row) => row.measure === measure);
    panels.push({ rows, top });
    top += PANEL_TITLE + rows.length * LINE + PANEL_FOOT;
  }
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height: top });
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    title: [
      { text: title, subtext: facts, left: 16, top: 8, subtextStyle: { color: '#555555' } },
      ...panels.map(titleOf),
    ],
    grid: panels.map((panel) => ({
      left: LABELS,
      right: 150,
      top: panel.top + PANEL_TITLE,
      height: panel.rows.length * LINE,
    })),
    xAxis: panels.map((_, gridIndex) => ({ type: 'value', gridIndex, min: 0, splitNumber: 5 })),
    yAxis: panels.map(({ rows }, gridIndex) => ({
      type: 'category',
      gridIndex,
      inverse: true,
      axisTick: { show: false },
      data: rows.map(({ forwarder }) => forwarder),
    })),
    series: panels.map(seriesOf),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}

function titleOf({ rows, top }: Panel): object {
  const [first] = rows;
  const better = first?.unit === 'µs' ? 'less' : 'more';
  return {
    text: `${first?.title ?? ''}: ratio to the kernel bridge, ${better} is better`,
    left: 16,
    top: top + 8,
    textStyle: { fontSize: 13 },
  };
}

function seriesOf({ rows }: Panel, index: number): object {
  return {
    type: 'bar',
    xAxisIndex: index,
    yAxisIndex: index,
    barWidth: LINE * 0.6,
    data: rows.map((row) => ({
      value: row.ratio,
      itemStyle: { color: colourOf(row) },
      label: { formatter: labelOf(row), color: row.broken === undefined ? TEXT : BROKEN },
    })),
    label: { show: true, position: 'right' },
    markLine: {
      silent: true,
      symbol: 'none',
      label: { show: false },
      lineStyle: { color: YARDSTICK, type: 'dotted' },
      data: [{ xAxis: 1 }],
    },
  };
}

function colourOf({ forwarder }: Row): string {
  if (forwarder === 'kernel bridge') return YARDSTICK;
  return forwarder.startsWith('etherloom') ? OURS : PEERS;
}

function labelOf(row: Row): string {
  if (row.value === 0) return 'broken';
  const bar = BARS.find(
    ({ forwarder, measure }) => forwarder === row.forwarder && measure === row.measure,
  );
  return `${row.ratio.toFixed(2)} = ${figureOf(row)}${bar === undefined ? '' : ` (bar ${bar.text})`}`;
}
