import { SlipwayError } from '../../base/index.ts';
import type { Io } from '../io.ts';
import type { BuildOptions, CheckOptions, Library } from '../ports.ts';
import { parseCsv } from '../flags/csv.ts';
import { parseTruth } from '../flags/parse-arguments.ts';
import { exitCodes } from '../exit-codes.ts';
import { formatTable } from '../table.ts';

/** What `--call` asks for instead of a build. */
export interface CallRequest {
  readonly method: 'check' | 'outline' | 'targets';
  readonly json: boolean;
  /** Exit with 0 whatever is found. */
  readonly ignoreStatus: boolean;
}

/** `--check`. */
export const checkCall: CallRequest = { method: 'check', json: false, ignoreStatus: false };

/** `check[,format=json][,ignorestatus=true]`; `undefined` for a build. @throws {SlipwayError} `CLI_BAD_FLAG_VALUE` */
export function parseCall(text: string): CallRequest | undefined {
  const [name = '', ...fields] = parseCsv(text, '--call');
  const options = new Map(
    fields.map((field) => [field.slice(0, field.indexOf('=')), field.slice(field.indexOf('=') + 1)] as const),
  );
  const format = options.get('format') ?? 'text';
  const ignoreStatus = parseTruth(options.get('ignorestatus') ?? 'false');
  const method = name === 'lint' ? 'check' : name;
  const bad = (message: string, hint: string): SlipwayError => new SlipwayError('CLI_BAD_FLAG_VALUE', message, { hint });
  if (format !== 'text' && format !== 'json')
    throw bad(`\`--call\`: \`${format}\` is not a format`, 'use `format=json`, or leave it out');
  if (ignoreStatus === undefined) throw bad(`\`--call\`: \`ignorestatus\` is true or false`, 'write `ignorestatus=true`');
  const unknown = [...options.keys()].find((key) => key !== 'format' && key !== 'ignorestatus');
  if (unknown !== undefined) throw bad(`\`--call\` has no option \`${unknown}\``, 'it has `format=json` and `ignorestatus=true`');
  if (method === 'build' || method === '') return undefined;
  if (method !== 'check' && method !== 'outline' && method !== 'targets') {
    throw bad(`\`--call ${name}\` is not there`, 'use build, check, outline or targets');
  }
  return { method, json: format === 'json', ignoreStatus };
}

type Answer = { readonly out: string; readonly error?: SlipwayError | undefined; readonly isFailure: boolean };

/**
 * Answer a question about the Dockerfile, as BuildKit's tools do. The answer goes to standard output.
 * @returns the exit code
 * @throws {SlipwayError} what is wrong with the Dockerfile, after the answer
 */
export async function answerCall(
  request: CallRequest,
  options: CheckOptions & BuildOptions,
  library: Library,
  io: Io,
): Promise<number> {
  const answer = await answers[request.method](options, library, request.json);
  io.stdout.write(answer.out);
  if (answer.error !== undefined && !request.json) throw answer.error;
  return answer.isFailure && !request.ignoreStatus ? exitCodes.step : exitCodes.ok;
}

const answers: Readonly<
  Record<CallRequest['method'], (options: CheckOptions & BuildOptions, library: Library, json: boolean) => Promise<Answer>>
> = {
  async check(options, library, json) {
    const { toLintJson, toLintText } = await import('../../dockerfile/index.ts');
    const report = await library.check({ ...options, own: false, lookUpImages: true });
    const { findings, buildError, told, fileName, source } = report;
    const isFailure = findings.length > 0 || buildError !== undefined;
    if (json) {
      const sourceJson = { filename: fileName, base64: Buffer.from(source).toString('base64') };
      return { out: `${JSON.stringify(toLintJson(findings, told, sourceJson), undefined, 2)}\n`, isFailure };
    }
    const lines = Buffer.from(source).toString('utf8').split(/\r*\n/);
    const out = findings.length === 0 && buildError !== undefined ? '' : toLintText(findings, fileName, lines);
    return { out, error: buildError, isFailure };
  },
  async outline(options, library, json) {
    const found = await library.outline(options);
    if (json) return { out: `${JSON.stringify(outlineJson(found), undefined, 2)}\n`, isFailure: false };
    const blocks = [
      ...(found.name === undefined && found.description === undefined
        ? []
        : [
            found.description === undefined
              ? `TARGET: ${found.name ?? '(default)'}\n`
              : `TARGET:      ${found.name ?? '(default)'}\nDESCRIPTION: ${found.description}\n`,
          ]),
      ...table(
        ['BUILD ARG', 'VALUE', 'DESCRIPTION'],
        found.args.map(({ name, value, description }) => [name, value, description ?? '']),
      ),
      ...table(
        ['SECRET', 'REQUIRED'],
        found.secrets.map(({ name, required }) => [name, required ? 'true' : '']),
      ),
      ...table(
        ['SSH', 'REQUIRED'],
        found.ssh.map(({ name, required }) => [name, required ? 'true' : '']),
      ),
    ];
    return { out: blocks.map((block) => `${block}\n`).join(''), isFailure: false };
  },
  async targets(options, library, json) {
    const { stages, source } = await library.targets(options);
    if (json) {
      const targets = stages.map(({ name, isDefault, description, base, platform, line }) => ({
        ...(name === undefined ? {} : { name }),
        ...(isDefault ? { default: true } : {}),
        ...(description === undefined ? {} : { description }),
        base,
        ...(platform === undefined ? {} : { platform }),
        location: at(line),
      }));
      return { out: `${JSON.stringify({ targets, sources: [base64(source)] }, undefined, 2)}\n`, isFailure: false };
    }
    const rows = stages.flatMap(({ name, isDefault, description }) => {
      const shown = isDefault ? (name === undefined ? '(default)' : `${name} (default)`) : name;
      return shown === undefined ? [] : [[shown, description ?? '']];
    });
    const width = Math.max('TARGET'.length, ...rows.map(([shown = '']) => shown.length));
    const out = [['TARGET', 'DESCRIPTION'], ...rows].map(([shown = '', text = '']) => `${shown.padEnd(width)} ${text}\n`);
    return { out: out.join(''), isFailure: false };
  },
};

function outlineJson({ name, description, args, secrets, ssh, source }: Awaited<ReturnType<Library['outline']>>): object {
  const mounts = (list: typeof secrets): object[] =>
    list.map((mount) => ({ name: mount.name, ...(mount.required ? { required: true } : {}), location: at(mount.line) }));
  return {
    ...(name === undefined ? {} : { name }),
    ...(description === undefined ? {} : { description }),
    ...(args.length === 0
      ? {}
      : {
          args: args.map((arg) => ({
            name: arg.name,
            ...(arg.description === undefined ? {} : { description: arg.description }),
            ...(arg.value === '' ? {} : { value: arg.value }),
            location: at(arg.line),
          })),
        }),
    ...(secrets.length === 0 ? {} : { secrets: mounts(secrets) }),
    ...(ssh.length === 0 ? {} : { ssh: mounts(ssh) }),
    sources: [base64(source)],
  };
}

function at(line: number): object {
  return { ranges: [{ start: { line }, end: { line } }] };
}

function base64(source: Uint8Array): string {
  return Buffer.from(source).toString('base64');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  return rows.length === 0 ? [] : [formatTable([head, ...rows])];
}
