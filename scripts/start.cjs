// Starts the bundled command with its compiled code, as scripts/code-cache.cjs has kept it. Becomes dist/cli.cjs.
'use strict';
const { readFileSync } = require('node:fs');
const { Script } = require('node:vm');

/** The build puts in the name: it changes with every byte, for V8 tells apart only bundles of different length. */
const filename = `${__dirname}/BUNDLE.cjs`;
const cache = `${__dirname}/BUNDLE.cache`;

/** Code that another version of Node compiled is refused by V8, and compiled anew. */
function compiledCode() {
  try {
    return readFileSync(cache);
  } catch {
    return undefined;
  }
}

// The bundle is ASCII: read so, it is neither decoded nor kept as two bytes for each letter.
const script = new Script(readFileSync(filename, 'latin1'), { filename, cachedData: compiledCode() });
module.exports = { script, cache };
script.runInThisContext()(require, filename, __dirname);
