import { SlipwayError } from '../../base/index.ts';

/**
 * Split one flag value into fields as RFC 4180 does: a field in double quotes may hold commas, and `""` is one quote.
 * @throws {SlipwayError} `CLI_BAD_FLAG_VALUE`
 */
export function parseCsv(text: string, flag: string): readonly string[] {
  if (!text.includes('"')) return text.split(',');
  const fields: string[] = [];
  const bad = (why: string): SlipwayError =>
    new SlipwayError('CLI_BAD_FLAG_VALUE', `the value \`${text}\` of \`${flag}\` is not a list: ${why}`, {
      hint: 'to have a comma in a field, quote the whole field: "dest=a,b"',
    });
  let at = 0;
  for (;;) {
    let field = '';
    if (text[at] === '"') {
      at += 1;
      for (;;) {
        const quote = text.indexOf('"', at);
        if (quote < 0) throw bad('a quote is not closed');
        field += text.slice(at, quote);
        at = quote + 1;
        if (text[at] !== '"') break;
        field += '"';
        at += 1;
      }
      if (at < text.length && text[at] !== ',') throw bad('a quoted field goes on after its closing quote');
    } else {
      const comma = text.indexOf(',', at);
      const end = comma < 0 ? text.length : comma;
      field = text.slice(at, end);
      if (field.includes('"')) throw bad('a quote stands in the middle of a field');
      at = end;
    }
    fields.push(field);
    if (at >= text.length) return fields;
    at += 1;
  }
}
