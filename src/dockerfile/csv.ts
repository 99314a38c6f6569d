import { SlipwayError, type SourceSpan } from '../base/index.ts';

/**
 * The fields of one CSV record. @see RFC 4180
 *
 * @throws {SlipwayError} `DF_BAD_CSV`
 */
export function parseCsv(text: string, at?: SourceSpan): readonly string[] {
  if (text === '')
    throw new SlipwayError('DF_BAD_CSV', 'the list of options is empty', { at, hint: 'write `key=value,key=value`' });
  const fail = (reason: string): SlipwayError =>
    new SlipwayError('DF_BAD_CSV', reason, { at, hint: 'put a whole field in double quotes, and double a quote inside it' });
  const fields: string[] = [];
  for (let from = 0; from <= text.length; ) {
    if (text[from] !== '"') {
      const comma = text.indexOf(',', from);
      const end = comma < 0 ? text.length : comma;
      const field = text.slice(from, end);
      if (field.includes('"')) throw fail(`bare " in the field ${field}`);
      fields.push(field);
      from = end + 1;
      continue;
    }
    const quoted = /"([^"]*(?:""[^"]*)*)"(?=,|$)/y;
    quoted.lastIndex = from;
    const match = quoted.exec(text);
    if (match === null) throw fail('extraneous or missing " in a quoted field');
    fields.push((match[1] ?? '').replaceAll('""', '"'));
    from = quoted.lastIndex + 1;
  }
  return fields;
}
