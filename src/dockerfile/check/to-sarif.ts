import type { SourceSpan } from '../../base/index.ts';
import type { Remark } from './remark.ts';
import type { TextEdit } from './rule.ts';

/** A log in SARIF 2.1.0, the form that code scanners exchange. */
export function toSarif(remarks: readonly Remark[], version: string): object {
  const names = [...new Set(remarks.map(({ name }) => name))].sort();
  const rules = names.map((id) => {
    const first = remarks.find(({ name }) => name === id);
    return {
      id,
      shortDescription: { text: first?.description ?? id },
      ...(first?.url?.startsWith('https:') === true ? { helpUri: first.url } : {}),
    };
  });
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'slipway', version, rules } },
        columnKind: 'utf16CodeUnits',
        results: remarks.map((remark) => resultOf(remark, names.indexOf(remark.name))),
      },
    ],
  };
}

function resultOf({ name, severity, message, at, edits }: Remark, ruleIndex: number): object {
  return {
    ruleId: name,
    ruleIndex,
    level: severity,
    message: { text: message },
    locations: [{ physicalLocation: { artifactLocation: { uri: uriOf(at.file) }, region: regionOf(at) } }],
    ...(edits.length === 0 ? {} : { fixes: [fixOf(at.file, edits)] }),
  };
}

function fixOf(file: string, edits: readonly TextEdit[]): object {
  const replacements = edits.map(({ span, text }) => ({ deletedRegion: regionOf(span), insertedContent: { text } }));
  return { artifactChanges: [{ artifactLocation: { uri: uriOf(file) }, replacements }] };
}

function regionOf({ start, end }: SourceSpan): object {
  return { startLine: start.line, startColumn: start.column, endLine: end.line, endColumn: end.column };
}

function uriOf(file: string): string {
  return file.replaceAll('\\', '/').split('/').map(encodeURIComponent).join('/');
}
