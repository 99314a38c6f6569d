// Shows the metadata files of some builds, one `NAME.json` each, as a table. Usage: demo-table.mjs FOLDER
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const [folder = '.'] = process.argv.slice(2);
const builds = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8'))['slipway.result']);

const rows = [['IMAGE', 'STAGE', 'TIME', 'SIZE', '']];
for (const { names, stages, skippedStages, steps, durationMs, imageSizeBytes } of builds) {
  const left = Math.max(0, ...stages.filter((stage) => !stage.isTarget).map((stage) => stage.sizeBytes));
  const image = (names[0] ?? '').replace(/^docker\.io\//, '').replace(/:latest$/, '');
  for (const [at, stage] of stages.entries()) {
    rows.push([
      at === 0 ? image : '',
      stage.name,
      stage.cached ? 'cached' : seconds(stage.durationMs),
      size(stage.sizeBytes),
      stage.isTarget ? 'ships' : '',
    ]);
  }
  for (const stage of skippedStages) rows.push(['', stage, '', '', 'not needed, not looked at']);
  const times = left >= 2 * imageSizeBytes ? `, ${Math.round(left / imageSizeBytes)} times smaller than what built it` : '';
  rows.push(
    ['', 'in all', seconds(durationMs), size(imageSizeBytes), `${steps.ran} steps ran, ${steps.cached} cached${times}`],
    [],
  );
}
const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
for (const row of rows) {
  const cells = row.map((cell, column) =>
    column === 2 || column === 3 ? cell.padStart(widths[column]) : cell.padEnd(widths[column] ?? 0),
  );
  console.log(cells.join('  ').trimEnd());
}

function seconds(ms) {
  return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
}

function size(bytes) {
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(0)} kB` : `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
}
