// Adds up the JSON reports of Vitest. Usage: test-summary.mjs FOLDER PROJECT… -- FAILED-CHECK…
// Prints what was not proved and why, then `N passed, N failed, N skipped`; exit code 1 when anything failed.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const split = process.argv.indexOf('--');
const [folder, ...projects] = process.argv.slice(2, split);
const failedChecks = process.argv.slice(split + 1);
const total = { passed: 0, failed: 0, skipped: 0 };
const skipped = [];
const failures = [];
const unsteady = [];

for (const project of projects) {
  const path = join(folder, `${project}.json`);
  if (!existsSync(path)) {
    failures.push(`${project} tests: no report was written`);
    continue;
  }
  const before = failures.length;
  const { testResults } = JSON.parse(readFileSync(path, 'utf8'));
  for (const file of testResults) {
    for (const test of file.assertionResults) {
      const name = `${project} > ${test.fullName}`;
      // A test that is tried again keeps the messages of the times it failed.
      if (test.status === 'passed' && test.failureMessages.length > 0) unsteady.push(name);
      if (test.status === 'passed') total.passed++;
      else if (test.status === 'failed') failures.push(name);
      else skipped.push(name);
    }
    // A file that could not be loaded has no test to fail.
    if (file.status === 'failed' && file.assertionResults.every((test) => test.status !== 'failed')) {
      failures.push(`${project} > ${file.name}: ${file.message.split('\n')[0]}`);
    }
  }
  if (testResults.length === 0) failures.push(`${project} tests: none were found`);
  // The project's own check failed, and these are why.
  if (failures.length > before && failedChecks.includes(`${project} tests`))
    failedChecks.splice(failedChecks.indexOf(`${project} tests`), 1);
}

total.failed = failures.length + failedChecks.length;
total.skipped = skipped.length;
console.log();
if (skipped.length > 0)
  console.log(`not proved here (each test says why above):\n${skipped.map((name) => `  ${name}\n`).join('')}`);
if (unsteady.length > 0)
  console.log(`unsteady (failed, then passed when tried again):\n${unsteady.map((name) => `  ${name}\n`).join('')}`);
if (total.failed > 0) console.log(`failed:\n${[...failedChecks, ...failures].map((name) => `  ${name}\n`).join('')}`);
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed > 0 ? 1 : 0;
