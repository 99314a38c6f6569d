import { SlipwayError } from '../base/index.ts';
import {
  type ArgInstruction,
  type CmdInstruction,
  type CommandLine,
  type EntrypointInstruction,
  type EnvInstruction,
  type ExposeInstruction,
  type HealthcheckInstruction,
  type LabelInstruction,
  type MaintainerInstruction,
  type OnbuildInstruction,
  parsePortSpecs,
  parseSignal,
  type ShellInstruction,
  type StopsignalInstruction,
  type UserInstruction,
  type VolumeInstruction,
} from '../dockerfile/index.ts';
import type { Healthcheck } from '../oci/index.ts';
import { ownValue } from './globals.ts';
import { goDuration, plainList, quotedList } from './history-text.ts';
import { commitEmpty, expand, expandList, setVariables, type StageBuild, type Step } from './stage-build.ts';

/** Instructions that change the image config and nothing else. */

export function dispatchArg(step: Step, { declarations }: ArgInstruction): void {
  const { build, compilation } = step;
  const { buildArgs = {} } = compilation.options;
  const texts = declarations.map(({ name: { text: name }, value: fallback }) => {
    const given = ownValue(buildArgs, name) ?? (fallback ? expand(step, fallback) : compilation.globals.get(name));
    if (given !== undefined && !hiddenArgs.has(name)) setVariables(build.env, [[name, given]]);
    build.args.set(name, given ?? '');
    return given === undefined ? name : `${name}=${given}`;
  });
  commitEmpty(build, `ARG ${texts.join(' ')}`);
}

/** Args that steer the builder and never reach a process. */
const hiddenArgs = new Set(['BUILDKIT_SBOM_SCAN_CONTEXT', 'BUILDKIT_SBOM_SCAN_STAGE']);

export function dispatchEnv(step: Step, { pairs }: EnvInstruction): void {
  const { build } = step;
  const expanded = pairs.map(({ key, value }): [string, string] => [expand(step, key), expand(step, value)]);
  setVariables(build.env, expanded);
  for (const [key, value] of expanded) build.configEnv.set(key, value);
  commitEmpty(build, ['ENV', ...expanded.map(([key, value]) => `${key}=${value}`)].join(' '));
}

export function dispatchLabel(step: Step, { pairs }: LabelInstruction): void {
  const { build } = step;
  const expanded = pairs.map(({ key, value }): [string, string] => [expand(step, key), expand(step, value)]);
  for (const [key, value] of expanded) build.labels.set(key, value);
  commitEmpty(build, ['LABEL', ...expanded.map(([key, value]) => `${key}=${value}`)].join(' '));
}

export function dispatchMaintainer({ build }: Step, { author }: MaintainerInstruction): void {
  build.author = author;
  commitEmpty(build, `MAINTAINER ${author}`);
}

export function dispatchUser(step: Step, { user }: UserInstruction): void {
  const name = expand(step, user);
  step.build.config = { ...step.build.config, User: name };
  commitEmpty(step.build, `USER ${name}`);
}

/** What a port counts for: a range of a few letters is many. */
const exposedPort = 64;

export function dispatchExpose(step: Step, { ports }: ExposeInstruction): void {
  const { build, compilation, at } = step;
  const sorted = [...ports].sort((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : 0));
  const keys = parsePortSpecs(
    sorted.flatMap((port) => expandList(step, port)),
    at,
  );
  compilation.growth.add(keys.length * exposedPort);
  for (const key of keys) build.ports.add(key);
  commitEmpty(build, `EXPOSE ${plainList(keys)}`);
}

export function dispatchVolume(step: Step, { paths }: VolumeInstruction): void {
  const { build } = step;
  const names = paths.map((path) => {
    const name = expand(step, path);
    if (name === '') throw new SlipwayError('FE_EMPTY_VOLUME', 'VOLUME specified can not be an empty string', { at: path.span });
    return name;
  });
  for (const name of names) build.volumes.add(name);
  commitEmpty(build, `VOLUME ${plainList(names)}`);
}

export function dispatchCmd({ build }: Step, { command }: CmdInstruction): void {
  const args = commandArgs(build, command);
  build.config = { ...build.config, Cmd: args, ArgsEscaped: true };
  build.isCmdSet = true;
  commitEmpty(build, `CMD ${quotedList(args)}`);
}

export function dispatchEntrypoint({ build }: Step, { command }: EntrypointInstruction): void {
  const args = commandArgs(build, command);
  build.config = { ...build.config, Entrypoint: args, ...(build.isCmdSet ? {} : { Cmd: [] }) };
  commitEmpty(build, `ENTRYPOINT ${quotedList(args)}`);
}

/** What a process is started with: the array itself, or the stage's shell and one string. */
export function commandArgs(build: StageBuild, command: CommandLine): readonly string[] {
  return command.form === 'exec' ? command.args : [...shellOf(build), command.text];
}

function shellOf({ config, platform }: StageBuild): readonly string[] {
  if (config.Shell !== undefined && config.Shell.length > 0) return config.Shell;
  return platform.os === 'windows' ? ['cmd', '/S', '/C'] : ['/bin/sh', '-c'];
}

export function dispatchShell({ build }: Step, { shell }: ShellInstruction): void {
  build.config = { ...build.config, Shell: shell };
  commitEmpty(build, `SHELL ${plainList(shell)}`);
}

export function dispatchStopsignal(step: Step, { signal: word }: StopsignalInstruction): void {
  const signal = parseSignal(expand(step, word), step.at);
  step.build.config = { ...step.build.config, StopSignal: signal };
  commitEmpty(step.build, `STOPSIGNAL ${signal}`);
}

export function dispatchHealthcheck({ build }: Step, { check }: HealthcheckInstruction): void {
  const config = healthcheckConfig(check);
  build.config = { ...build.config, Healthcheck: config };
  const { Test = [], Interval = 0, Timeout = 0, StartPeriod = 0, StartInterval = 0, Retries = 0 } = config;
  const times = { Interval, Timeout, StartPeriod, StartInterval };
  const fields = Object.entries(times).map(([name, ns]) => `${name}:${goDuration(ns)}`);
  commitEmpty(build, `HEALTHCHECK {Test:${plainList(Test)} ${fields.join(' ')} Retries:${Retries}}`);
}

/** A field that is 0 is left out: the runtime's default holds. */
function healthcheckConfig(check: HealthcheckInstruction['check']): Healthcheck {
  if (check.type === 'none') return { Test: ['NONE'] };
  const { command, intervalNs, timeoutNs, startPeriodNs, startIntervalNs, retries } = check;
  return {
    Test: command.form === 'exec' ? ['CMD', ...command.args] : ['CMD-SHELL', command.text],
    ...(intervalNs === 0 ? {} : { Interval: intervalNs }),
    ...(timeoutNs === 0 ? {} : { Timeout: timeoutNs }),
    ...(startPeriodNs === 0 ? {} : { StartPeriod: startPeriodNs }),
    ...(startIntervalNs === 0 ? {} : { StartInterval: startIntervalNs }),
    ...(retries === 0 ? {} : { Retries: retries }),
  };
}

/** Adds no layer and no history. */
export function dispatchOnbuild({ build }: Step, { text }: OnbuildInstruction): void {
  build.triggers.push(text);
}
