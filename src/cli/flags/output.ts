import { nearest, SlipwayError } from '../../base/index.ts';
import type { Output } from '../ports.ts';
import { parseCsv } from './csv.ts';
import { parseTruth } from './parse-arguments.ts';

type Type = 'image' | 'registry' | 'oci' | 'docker' | 'local' | 'tar' | 'cacheonly';

/** What may be written for each type; a text is the only value that this release can serve. */
const attributes: Readonly<Record<Type, Readonly<Record<string, true | string>>>> = {
  image: { name: true, push: true, store: 'true', 'oci-mediatypes': 'true' },
  registry: { name: true, push: 'true', store: 'true', 'oci-mediatypes': 'true' },
  oci: { dest: true, name: true, tar: true, compression: true, 'oci-mediatypes': 'true' },
  docker: { dest: true, name: true, tar: true, compression: true, 'oci-mediatypes': 'true' },
  local: { dest: true, 'platform-split': 'false', mode: 'copy' },
  tar: { dest: true, 'platform-split': 'false' },
  cacheonly: {},
};

/** Attributes that other builders know, so that the message can tell "not yet" from a typing error. */
const known = [
  ...'name push push-by-digest registry.insecure store unpack dangling-name-prefix danging-name-empty-only name-canonical'.split(
    ' ',
  ),
  ...'oci-mediatypes oci-artifact attestation-inline prefer-nondist-layers compression compression-level force-compression'.split(
    ' ',
  ),
  ...'source-date-epoch rewrite-timestamp buildinfo dest tar platform-split attestation-prefix mode'.split(' '),
];

/** The names that `-t` gives the image of a target; `undefined` is the one that names without a stage belong to. */
export type TagsOf = (target: string | undefined) => readonly string[];

/**
 * Parse one value of `--output`: `type=T,dest=D,key=value…`, a directory alone, or `-` for a tar on standard output.
 * `tagsOf` gives the names of a target's image, for a value that names none. `target=STAGE` goes with every type.
 * @throws {SlipwayError} `CLI_BAD_OUTPUT`, `CLI_NOT_SUPPORTED`
 */
export function parseOutput(value: string, tagsOf: TagsOf): Output {
  const fields = parseCsv(value, '--output');
  const only = fields[0] ?? '';
  if (fields.length === 1 && !only.startsWith('type='))
    return only === '-' ? { type: 'tar', dest: '-' } : { type: 'local', dest: only };

  const attrs = new Map<string, string>();
  for (const field of fields) {
    const equals = field.indexOf('=');
    if (equals < 0) throw badOutput(`invalid value ${field}`, 'write every field of `--output` as key=value');
    attrs.set(field.slice(0, equals).trim().toLowerCase(), field.slice(equals + 1));
  }
  const type = attrs.get('type');
  if (type === undefined) throw badOutput('type is required for output', `for example \`--output type=local,${value}\``);
  attrs.delete('type');
  const target = attrs.get('target')?.toLowerCase() || undefined;
  attrs.delete('target');
  if (!isType(type)) {
    const meant = nearest(type, Object.keys(attributes));
    throw badOutput(
      `\`${type}\` is not an output type`,
      meant === undefined ? `use one of ${Object.keys(attributes).join(', ')}` : `did you mean \`${meant}\`?`,
    );
  }
  for (const [key, text] of attrs) checkAttribute(type, key, text);
  return { ...outputOf(type, attrs, tagsOf(target)), ...(target === undefined ? {} : { target }) };
}

function outputOf(type: Type, attrs: ReadonlyMap<string, string>, tags: readonly string[]): Output {
  const dest = attrs.get('dest');
  const name = attrs.get('name');
  const names = name === undefined || name === '' ? tags : name.split(',').map((part) => part.trim());
  switch (type) {
    case 'image':
    case 'registry':
      return { type: 'image', names, push: type === 'registry' || truth('push', attrs.get('push') ?? 'false') };
    case 'oci':
    case 'docker': {
      // Docker's own meaning of `type=docker` alone is "hand the image to the engine": here, to the store.
      if (type === 'docker' && dest === undefined) return { type: 'image', names };
      const compression = compressionOf(attrs.get('compression'));
      const tar = truth('tar', attrs.get('tar') ?? 'true');
      if (!tar && (dest ?? '-') === '-')
        throw badOutput(`dest cannot be stdout for ${type} exporter with tar=false`, 'name a directory with dest=');
      return { type, dest: dest ?? '-', names, tar, ...(compression === undefined ? {} : { compression }) };
    }
    case 'local':
      if (dest === undefined || dest === '')
        throw badOutput('dest is required for local exporter', 'name a directory with dest=');
      if (dest === '-') throw badOutput('dest cannot be stdout for local exporter', 'use `type=tar` for a stream');
      return { type, dest };
    case 'tar':
      return { type, dest: dest ?? '-' };
    case 'cacheonly':
      return { type };
  }
}

function checkAttribute(type: Type, key: string, value: string): void {
  const rule = attributes[type][key];
  if (
    rule === true ||
    (typeof rule === 'string' && (rule === value || (parseTruth(rule) !== undefined && parseTruth(rule) === parseTruth(value))))
  )
    return;
  if (rule !== undefined || known.includes(key)) {
    const fits = rule !== undefined || Object.values(attributes).every((table) => table[key] === undefined);
    if (fits) {
      throw new SlipwayError('CLI_NOT_SUPPORTED', `\`--output type=${type}\` does not support \`${key}=${value}\` yet`, {
        hint: 'leave the attribute out',
      });
    }
    throw badOutput(`\`${key}\` is not an attribute of \`--output type=${type}\``, allowed(type));
  }
  const meant = nearest(key, ['target', ...Object.keys(attributes[type]), ...known]);
  throw badOutput(
    `\`${key}\` is not an attribute of \`--output type=${type}\``,
    meant === undefined ? allowed(type) : `did you mean \`${meant}\`?`,
  );
}

function allowed(type: Type): string {
  const names = Object.keys(attributes[type]);
  return names.length === 0 ? 'it takes no attributes' : `it takes ${names.join(', ')}`;
}

function compressionOf(value: string | undefined): 'uncompressed' | 'gzip' | undefined {
  if (value === undefined || value === 'uncompressed' || value === 'gzip') return value;
  if (value === 'zstd' || value === 'estargz') {
    throw new SlipwayError('CLI_NOT_SUPPORTED', `\`compression=${value}\` is not supported yet`, {
      hint: 'use gzip or uncompressed',
    });
  }
  throw badOutput(`\`${value}\` is not a compression`, 'use gzip or uncompressed');
}

function truth(key: string, value: string): boolean {
  const parsed = parseTruth(value);
  if (parsed === undefined) throw badOutput(`\`${value}\` is not a value for \`${key}\``, 'write true or false');
  return parsed;
}

function isType(text: string): text is Type {
  return Object.hasOwn(attributes, text);
}

function badOutput(message: string, hint?: string): SlipwayError {
  return new SlipwayError('CLI_BAD_OUTPUT', message, { hint });
}
