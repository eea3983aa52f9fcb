/** The report of a run as a file: an SVG, or an HTML page with the same SVG and the table. */
import { chartOf } from './chart.js';
import type { Report } from './run.js';
import { cellsOf, COLUMNS, factsOf, notesOf } from './words.js';

export type ReportFormat = 'svg' | 'html';

const TITLE = 'etherloom bench live';

/** @param date when it was measured, as it is to be shown */
export function renderReport(report: Report, format: ReportFormat, date: string): string {
  const facts = `${date}; ${factsOf(report)}`;
  const svg = chartOf(report.results, TITLE, facts);
  return format === 'svg' ? svg : pageOf(report, facts, svg);
}

function pageOf(report: Report, facts: string, svg: string): string {
  const head = COLUMNS.map((name) => `<th>${escaped(name)}</th>`).join('');
  const rows = report.results.map(
    (row) =>
      `<tr>${cellsOf(row)
        .map((cell) => `<td>${escaped(cell)}</td>`)
        .join('')}</tr>`,
  );
  const notes = notesOf(report).map((note) => `<li>${escaped(note)}</li>`);
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>${TITLE}</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 64rem; padding: 0 1rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { border-bottom: 1px solid #ddd; padding: 0.2rem 0.8rem 0.2rem 0; text-align: left; }
svg { height: auto; max-width: 100%; }
</style>
<h1>${TITLE}</h1>
<p>${escaped(facts)}</p>
${svg}
<table>
<tr>${head}</tr>
${rows.join('\n')}
</table>
<ul>
${notes.join('\n')}
</ul>
</html>
`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
