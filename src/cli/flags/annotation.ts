import { nearest, SlipwayError } from '../../base/index.ts';
import type { Annotation } from '../ports.ts';

const levels: readonly Annotation['level'][] = ['manifest', 'index', 'manifest-descriptor', 'index-descriptor'];

/**
 * `--annotation [LEVEL[,LEVEL…][[PLATFORM]]:]KEY=VALUE`.
 * @throws {SlipwayError} `CLI_BAD_FLAG_VALUE`
 */
export function parseAnnotations(values: readonly string[]): readonly Annotation[] {
  return values.filter((value) => value !== '').flatMap(parseAnnotation);
}

function parseAnnotation(text: string): readonly Annotation[] {
  const equals = text.indexOf('=');
  if (equals < 0) throw bad(`invalid annotation "${text}", expected key=value`, 'write `--annotation KEY=VALUE`');
  const value = text.slice(equals + 1);
  const name = text.slice(0, equals);
  const colon = name.indexOf(':');
  if (colon < 0) return [{ level: 'manifest', key: name, value }];
  const key = name.slice(colon + 1);
  return name
    .slice(0, colon)
    .split(',')
    .map((where) => {
      const match = /^([a-z-]+)(?:\[([A-Za-z0-9_/-]+)\])?$/.exec(where);
      if (match === null)
        throw bad(
          `invalid annotation type "${where}", expected type and optional platform in square brackets`,
          'write for example `manifest[linux/amd64]:KEY=VALUE`',
        );
      return { level: levelOf(match[1] ?? ''), ...platformOf(match[2]), key, value };
    });
}

/** An attribute of `--output` that is an annotation: `annotation.KEY`, `annotation-LEVEL.KEY`, `annotation-LEVEL[PLATFORM].KEY`. */
export const annotationAttribute: RegExp = /^annotation(?:-([a-z-]+))?(?:\[([A-Za-z0-9_/-]+)\])?\.(\S+)$/;

/** @throws {SlipwayError} `CLI_BAD_FLAG_VALUE` */
export function annotationOfAttribute([name, value]: readonly [string, string]): Annotation {
  const [, level, platform, key = ''] = annotationAttribute.exec(name) ?? [];
  return { level: level === undefined ? 'manifest' : levelOf(level), ...platformOf(platform), key, value };
}

function levelOf(text: string): Annotation['level'] {
  const level = levels.find((each) => each === text);
  if (level !== undefined) return level;
  const meant = nearest(text, levels);
  throw bad(
    `unknown annotation type "${text}"`,
    meant === undefined ? `use one of ${levels.join(', ')}` : `did you mean \`${meant}\`?`,
  );
}

function platformOf(text: string | undefined): Pick<Annotation, 'platform'> {
  return text === undefined ? {} : { platform: text };
}

function bad(message: string, hint: string): SlipwayError {
  return new SlipwayError('CLI_BAD_FLAG_VALUE', message, { hint });
}
