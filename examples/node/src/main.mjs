import { frame } from './frame.mjs';

console.log(frame(process.argv.slice(2).join(' ') || 'Nothing to say'));
