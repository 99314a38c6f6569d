// Writes docs/compatibility.md: each feature of docs/features.json, and the tests whose names carry its ID.
// `--check` writes nothing and fails when the page is not what it would write.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { parseSync, Visitor } from 'oxc-parser';

const root = join(import.meta.dirname, '..');
const page = join(root, 'docs/compatibility.md');
const sections = JSON.parse(readFileSync(join(root, 'docs/features.json'), 'utf8'));
const features = new Map(sections.flatMap((section) => Object.entries(section.features)));
const prefixes = [...new Set([...features.keys()].map((id) => id.replace(/-\d+$/, '')))];
const idPattern = new RegExp(`\\b(?:${prefixes.join('|')})-\\d{2,}\\b`, 'g');

const testFiles = ['src', 'test'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true })
    .filter((path) => path.endsWith('.test.ts'))
    .map((path) => posix.join(folder, path)),
);
/** @type {Map<string, string[]>} */
const provenBy = new Map([...features.keys()].map((id) => [id, []]));
const unknown = [];
for (const file of testFiles.sort(byName)) {
  for (const id of idsIn(file)) {
    if (provenBy.has(id)) provenBy.get(id).push(file);
    else unknown.push(`${file} names ${id}, which docs/features.json does not have`);
  }
}
if (testFiles.length === 0) unknown.push('no test file was found');
if (unknown.length > 0) fail(unknown.join('\n'));

const text = render();
if (!process.argv.includes('--check')) writeFileSync(page, text);
else if (!existsSync(page) || readFileSync(page, 'utf8') !== text) fail('docs/compatibility.md is stale: run `npm run compat`');

/** IDs in the strings of a test file: names of tests, and rows of tables that become names. Comments prove nothing. */
function idsIn(file) {
  /** @type {Set<string>} */
  const found = new Set();
  const look = (string) => {
    for (const [id] of string.matchAll(idPattern)) found.add(id);
  };
  const { program, errors } = parseSync(file, readFileSync(join(root, file), 'utf8'));
  if (errors.length > 0) fail(`${file}: ${errors[0].message}`);
  new Visitor({
    Literal: ({ value }) => typeof value === 'string' && look(value),
    TemplateElement: ({ value }) => look(value.raw),
  }).visit(program);
  return [...found];
}

function render() {
  const proven = [...provenBy.values()].filter((files) => files.length > 0).length;
  const lines = [
    '# Compatibility',
    '',
    '<!-- Made by `npm run compat` from docs/features.json and the names of the tests. Change those. -->',
    '',
    `What \`docker build\` does, feature by feature, and the tests that prove it here: ${proven} of ${features.size} so far.`,
  ];
  for (const section of sections) {
    lines.push('', `## ${section.title}`, '', '| ID | feature | proven by |', '| --- | --- | --- |');
    for (const [id, wording] of Object.entries(section.features)) {
      const links = provenBy.get(id).map((file) => `[${posix.basename(file, '.test.ts')}](../${file})`);
      lines.push(`| ${id} | ${wording.replaceAll('|', '\\|')} | ${links.join(', ') || 'not yet'} |`);
    }
  }
  return `${lines.join('\n')}\n`;
}

/** @type {(a: string, b: string) => number} */
function byName(a, b) {
  return a < b ? -1 : 1;
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
