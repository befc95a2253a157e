/** `rpmbuild -bb` of a prepared source RPM: the packages of its one kernel. */
import { readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { UserError } from '../../base/errors.ts';
import { block } from '../../base/safe-text.ts';
import { plainTable } from '../../base/table.ts';
import { tryTool } from '../../host/process.ts';
import { ofAbout } from '../make/compile.ts';
import { holdsKernel } from '../package/from-package.ts';
import { sectionFault } from './failure.ts';
import { fitInputs, openPlace, specPath, writeNote } from './place.ts';
import { clearBuild } from './prepare.ts';
import { makeTopdir, runRpm } from './rpmbuild.ts';

interface BuildOptions {
  readonly jobs?: number | undefined;
  readonly onProgress?: ((text: string) => void) | undefined;
  /** Called before it begins, with what is switched off. */
  readonly onOff?: ((off: readonly string[]) => void) | undefined;
}

export interface BuiltRpms {
  /** The package that boots. */
  readonly kernel: string;
  readonly packages: readonly string[];
  readonly logPath: string;
  readonly seconds: number;
  /** Object files that were made. */
  readonly objects: number;
  readonly off: readonly string[];
}

/** What rpmbuild -bb goes through, each said by "Executing(...)"; then the packages. */
const STEPS = ['%prep', '%build', '%install', 'packages'];
const LOOK_MS = 3000;

/** Throws BuildError where a section fails. */
export async function buildPlace(
  folder: string,
  { jobs, onProgress, onOff }: BuildOptions,
): Promise<BuiltRpms> {
  const place = await openPlace(folder, jobs);
  const { path, note } = place;
  const startedMs = performance.now();
  await clearBuild(path);
  await rm(join(path, 'RPMS'), { recursive: true, force: true });
  await makeTopdir(place);
  const inputs = await fitInputs(place, await readFile(specPath(place), 'utf8'));
  onOff?.(inputs.off);
  const logPath = join(path, 'build.log');
  await rm(logPath, { force: true });
  const progress = followObjects(join(path, 'BUILD'), note.objects, (text) => onProgress?.(text));
  const args = ['-bb', '--nodeps', '--noclean', ...inputs.switches, inputs.spec];
  const { exitCode, lines } = await runRpm('rpmbuild', args, place, {
    inputs,
    logPath,
    onLine: progress.onLine,
  }).finally(progress.stop);
  if (exitCode !== 0) throw sectionFault(specPath(place), lines, logPath);
  const objects = await countObjects(join(path, 'BUILD'));
  const packages = lines.flatMap((line) => /^Wrote: (.*\.rpm)$/.exec(line)?.[1] ?? []);
  const kernel = await kernelAmong(packages, specPath(place));
  await clearBuild(path);
  await writeNote(path, { ...note, objects });
  return {
    kernel,
    packages,
    logPath,
    seconds: (performance.now() - startedMs) / 1000,
    objects,
    off: inputs.off,
  };
}

/** The package with the kernel; of several (a debug kernel beside it) the one with the shortest name. */
export async function kernelAmong(packages: readonly string[], where: string): Promise<string> {
  const found: string[] = [];
  for (const one of packages) if (await holdsKernel('rpm', one)) found.push(one);
  const [kernel] = found.sort((a, b) => basename(a).length - basename(b).length);
  if (kernel !== undefined) return kernel;
  throw new UserError(
    `${where}: none of its ${packages.length} packages holds a kernel`,
    'a package that boots has boot/vmlinuz-* or lib/modules/*/vmlinuz',
  );
}

/** Counts what was compiled: a spec may keep make quiet. */
function followObjects(build: string, expected: number | undefined, say: (text: string) => void) {
  let step = 0;
  let count = 0;
  let counting = false;
  let ended = false;
  const show = (): void => {
    const compiled = step < 1 ? '' : `, ${count}${ofAbout(count, expected)} files compiled`;
    say(`step ${step + 1} of ${STEPS.length}, ${STEPS[step]}${compiled}`);
  };
  const timer = setInterval(() => {
    if (counting || step !== 1) return;
    counting = true;
    countObjects(build)
      .then((found) => {
        count = found;
        if (!ended) show();
      })
      .catch(() => {}) // The folder changes under it, or all is to stop: then rpmbuild says so.
      .finally(() => {
        counting = false;
      });
  }, LOOK_MS);
  return {
    stop: (): void => {
      ended = true;
      clearInterval(timer);
    },
    onLine: (line: string): void => {
      const section =
        /^Executing\((%\w+)\):/.exec(line)?.[1] ?? (/^Processing files: /.test(line) ? 'packages' : '');
      const at = STEPS.indexOf(section);
      if (at < 0) return;
      step = at;
      show();
    },
  };
}

async function countObjects(build: string): Promise<number> {
  const { stdout } = await tryTool('find', [build, '-name', '*.o', '-printf', '.'], { env: { LC_ALL: 'C' } });
  return stdout.length;
}

/** For people. */
export function builtText({ kernel, packages, objects, seconds, logPath }: BuiltRpms): string {
  const rows = packages.map((path) => [path === kernel ? 'kernel' : '', path]);
  return block(
    `${plainTable(['boots', 'package'], rows)}${objects} files compiled in ${seconds.toFixed(0)} s; the log is ${logPath}\n`,
  );
}
