import { nearest, SlipwayError } from '../../base/index.ts';
import type { Output } from '../ports.ts';
import { annotationAttribute } from './annotation.ts';
import { parseCsv } from './csv.ts';
import {
  badOutput,
  imageAttributeNames,
  imageAttributes,
  sourceDateEpoch,
  storeAttributeNames,
  storeAttributes,
  truthIn,
} from './image-attributes.ts';

type Type = 'image' | 'registry' | 'oci' | 'docker' | 'local' | 'tar' | 'cacheonly';

/** What may be written for each type. */
const attributes: Readonly<Record<Type, readonly string[]>> = {
  image: [...imageAttributeNames, ...storeAttributeNames],
  registry: [...imageAttributeNames, ...storeAttributeNames],
  oci: [...imageAttributeNames, 'dest', 'tar'],
  docker: [...imageAttributeNames, 'dest', 'tar'],
  local: ['dest', 'mode', 'platform-split', 'source-date-epoch'],
  tar: ['dest', 'platform-split', 'source-date-epoch'],
  cacheonly: [],
};

/** What other builders know besides, so that the message can tell "not yet" from a typing error. */
const laterAttributes = new Set(['attestation-prefix']);

/** The names that `-t` gives the image of a target; `undefined` is the one that names without a stage belong to. */
export type TagsOf = (target: string | undefined) => readonly string[];

/**
 * Parse one value of `--output`: `type=T,dest=D,key=value…`, a directory alone, or `-` for a tar on standard output.
 * `tagsOf` gives the names of a target's image, for a value that names none. `target=STAGE` goes with every type.
 * @throws {SlipwayError} `CLI_BAD_OUTPUT`, `CLI_BAD_FLAG_VALUE`, `CLI_NOT_SUPPORTED`
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
  for (const key of attrs.keys()) checkAttribute(type, key);
  return { ...outputOf(type, attrs, tagsOf(target)), ...(target === undefined ? {} : { target }) };
}

function outputOf(type: Type, attrs: ReadonlyMap<string, string>, tags: readonly string[]): Output {
  const dest = attrs.get('dest');
  const name = attrs.get('name');
  const names = name === undefined || name === '' ? tags : name.split(',').map((part) => part.trim());
  switch (type) {
    case 'image':
    case 'registry': {
      const store = storeAttributes(attrs);
      return { type: 'image', names, ...imageAttributes(attrs), ...store, push: type === 'registry' || store.push === true };
    }
    case 'oci':
    case 'docker': {
      const image = imageAttributes(attrs);
      // Docker's own meaning of `type=docker` alone is "hand the image to the engine": here, to the store.
      if (type === 'docker' && dest === undefined) return { type: 'image', names, ...image };
      const tar = truthIn(attrs)('tar') ?? true;
      if (!tar && (dest ?? '-') === '-')
        throw badOutput(`dest cannot be stdout for ${type} exporter with tar=false`, 'name a directory with dest=');
      return { type, dest: dest ?? '-', names, tar, ...image };
    }
    case 'local':
      refuseSplit(attrs);
      if (dest === undefined || dest === '')
        throw badOutput('dest is required for local exporter', 'name a directory with dest=');
      if (dest === '-') throw badOutput('dest cannot be stdout for local exporter', 'use `type=tar` for a stream');
      return { type, dest, ...localMode(attrs.get('mode')), ...sourceDateEpoch(attrs) };
    case 'tar':
      refuseSplit(attrs);
      return { type, dest: dest ?? '-', ...sourceDateEpoch(attrs) };
    case 'cacheonly':
      return { type };
  }
}

function localMode(value: string | undefined): { readonly mode?: 'copy' | 'delete' } {
  if (value === undefined || value === '') return {};
  if (value === 'copy' || value === 'delete') return { mode: value };
  throw badOutput(`\`${value}\` is not a mode of the local exporter`, 'use copy or delete');
}

/** Directories for several platforms come with several platforms. */
function refuseSplit(attrs: ReadonlyMap<string, string>): void {
  if (truthIn(attrs)('platform-split') !== true) return;
  throw new SlipwayError('CLI_NOT_SUPPORTED', '`platform-split=true` is not supported yet', { hint: 'leave the attribute out' });
}

function checkAttribute(type: Type, key: string): void {
  const names = attributes[type];
  if (names.includes(key) || (names.includes('annotation.KEY') && annotationAttribute.test(key))) return;
  if (laterAttributes.has(key) && (type === 'local' || type === 'tar')) {
    throw new SlipwayError('CLI_NOT_SUPPORTED', `\`--output type=${type}\` does not support \`${key}\` yet`, {
      hint: 'leave the attribute out',
    });
  }
  const isOfAnother = Object.values(attributes).some((table) => table.includes(key));
  const meant = isOfAnother ? undefined : nearest(key, ['target', ...names]);
  throw badOutput(
    `\`${key}\` is not an attribute of \`--output type=${type}\``,
    meant === undefined ? allowed(names) : `did you mean \`${meant}\`?`,
  );
}

function allowed(names: readonly string[]): string {
  return names.length === 0 ? 'it takes no attributes' : `it takes ${names.join(', ')}`;
}

function isType(text: string): text is Type {
  return Object.hasOwn(attributes, text);
}
