// Puts the modules into one file: what an image needs of a program, without the tools that made it.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';

const modules = ['node_modules/wrap/wrap.mjs', 'src/frame.mjs', 'src/main.mjs'];
const text = modules.map((path) => readFileSync(path, 'utf8').replace(/^import .*\n/gm, '').replace(/^export /gm, ''));
mkdirSync('dist', { recursive: true });
writeFileSync('dist/app.mjs', text.join('\n'));
