import type { Remark } from './remark.ts';

/** One workflow command a line: GitHub shows each beside the code. */
export function toGithub(remarks: readonly Remark[]): string {
  return remarks.map((remark) => `${command(remark)}\n`).join('');
}

function command({ severity, name, message, at: { file, start, end } }: Remark): string {
  const isOneLine = start.line === end.line;
  const columns = isOneLine ? [`col=${start.column}`, `endColumn=${end.column}`] : [];
  const place = [`file=${property(file)}`, `line=${start.line}`, `endLine=${end.line}`, ...columns, `title=${property(name)}`];
  return `::${severity} ${place.join(',')}::${data(message)}`;
}

function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
