/** How a kernel to be built is described: source, patches, configuration, toolchain. */
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { imagesFolder } from '../host/project.ts';
import { isGitUrl, isHttpUrl, location, path, sha256, strict } from './schema-parts.ts';
import type { BuildSource, ConfigBase, ExtraFile, TreeSource } from './types.ts';

const debianName = z.string().regex(/^[a-z0-9][a-z0-9+.-]{1,100}$/, 'must be the name of a Debian package');
const suite = z
  .string()
  .regex(/^[a-z][a-z0-9-]{1,60}$/, 'must be the name of a suite, such as bookworm or trixie-backports');
const gitLocation = z
  .string()
  .regex(/^[^\0-\x20-][^\0]*$/, 'must be a path or a URL')
  .refine(
    (text) => !isGitUrl(text) || isSafeGitUrl(text),
    'must be a path, or an https, http, git or ssh URL',
  );
/** What git rev-parse takes as a revision; nothing that it could take for an option. */
const ref = z.string().regex(/^[A-Za-z0-9_][\w./@{}^~+-]{0,250}$/, 'must be a commit, a tag or a branch');

function isSafeGitUrl(text: string): boolean {
  return /^(?:https?|git|ssh):\/\/[^-]/i.test(text) || /^[\w.][\w.@-]*:(?!\/\/)[^:-]/.test(text);
}

/** What names the kind of a source, and which further keys go with it. */
const SOURCES: Readonly<Record<string, readonly string[]>> = {
  debian: ['suite'],
  tarball: ['sha256'],
  srpm: ['sha256', 'prepared'],
  git: ['ref'],
  directory: [],
};
const SOURCE_NAMES = Object.keys(SOURCES);

function sourceFault(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const given = Object.keys(value);
  const kinds = SOURCE_NAMES.filter((kind) => given.includes(kind));
  const kind = kinds[0];
  if (kind === undefined) return `must name the tree: one of ${SOURCE_NAMES.join(', ')}`;
  if (kinds.length > 1) return `names more than one tree (${kinds.join(', ')}): keep one`;
  const all = [...SOURCE_NAMES, ...Object.values(SOURCES).flat()];
  const stray = given.find((key) => key !== kind && all.includes(key) && !SOURCES[kind]?.includes(key));
  if (stray !== undefined) return `${stray} does not go with ${kind}`;
  if (kind === 'git' && !given.includes('ref')) return 'git needs a ref: a commit, a tag or a branch';
  const text = (value as Readonly<Record<string, unknown>>)[kind];
  const isRemote = (kind === 'tarball' || kind === 'srpm') && typeof text === 'string' && isHttpUrl(text);
  return isRemote && !given.includes('sha256')
    ? 'a URL needs a sha256, so that it is the same source every time'
    : undefined;
}

const treeSource = strict({
  debian: debianName.describe('A Debian package with a kernel source, such as linux-source-6.1.').optional(),
  suite: suite.describe('The Debian suite that the package is taken from.').optional(),
  tarball: location
    .describe('A tar archive of a kernel tree: a path, or a URL (then with sha256).')
    .optional(),
  srpm: location.describe('A source RPM of a kernel: a path, or a URL (then with sha256).').optional(),
  prepared: z
    .boolean()
    .describe("Of a source RPM: with the distribution's patches, as rpmbuild -bp leaves the tree.")
    .optional(),
  sha256: sha256.optional(),
  git: gitLocation.describe('A git repository: a path or a URL.').optional(),
  ref: ref.describe('The commit, tag or branch of the git repository.').optional(),
  directory: path.describe('A kernel tree; it is copied, never touched.').optional(),
})
  .refine((value) => sourceFault(value) === undefined, {
    error: (issue) => sourceFault(issue.input),
    when: () => true,
  })
  .meta({
    id: 'kernelTree',
    description:
      'The tree that a kernel is built from: exactly one of debian, tarball, srpm, git, directory.',
    oneOf: SOURCE_NAMES.map((kind) => ({ required: [kind] })),
  });

const OPTION_NAME = /^CONFIG_[A-Za-z0-9_]{1,120}$/;
const optionValue = z.union([z.string().regex(/^[^\0\n"\\]{0,500}$/, 'must be text of one line'), z.int()], {
  error: 'must be y, n, m, a number or text',
});
const config = strict({
  base: z
    .union(
      [
        z.literal('guest'),
        strict({
          file: path.describe('A .config.'),
          only: z.literal('guest').describe('Leave its modules out, but for what a guest needs.').optional(),
        }),
        strict({
          deb: location.describe('A Debian package of a kernel, whose configuration is taken.'),
          sha256: sha256.optional(),
        }),
      ],
      { error: 'must be guest, { file: PATH } or { deb: PATH-OR-URL }' },
    )
    .describe('guest (the small guest configuration), { file: PATH }, or { deb: PATH-OR-URL }.')
    .optional(),
  fragments: z.array(path).describe('Files of CONFIG_ lines on top of the base, in order.').optional(),
  set: z
    .record(
      z.string().regex(OPTION_NAME, 'must be the name of an option, such as CONFIG_HZ_1000'),
      optionValue,
    )
    .describe('Single options on top of all that.')
    .optional(),
}).meta({ id: 'kernelConfig', description: "The kernel's configuration." });

const words = z.union([z.string(), z.array(z.string()).min(1)], {
  error: 'must be text or a list of words',
});
const treePath = z
  .string()
  .max(1000)
  .regex(/^[\w.+,-]+(?:\/[\w.+,-]+)*$/, 'must be a path within the tree')
  .refine((text) => !text.split('/').includes('..'), 'must be a path within the tree');
const toolchain = strict({
  cc: words.describe('The compiler (CC): a program, and arguments for all of its calls.').optional(),
  hostcc: words.describe('The compiler of the tools that the build itself runs (HOSTCC).').optional(),
  ld: words.describe('The linker (LD).').optional(),
  kcflags: words.describe("Further flags for the kernel's C files (KCFLAGS).").optional(),
  kaflags: words.describe("Further flags for the kernel's assembler files (KAFLAGS).").optional(),
  hostcflags: words
    .describe('Further flags for the tools that the build itself runs (HOSTCFLAGS).')
    .optional(),
  ldflags: words.describe('Further flags for the linker if it makes vmlinux.').optional(),
  arch: z
    .string()
    .regex(/^[a-z0-9_]{1,20}$/, 'must be the name of an architecture')
    .describe('ARCH, for example x86_64.')
    .optional(),
  fixups: z
    .enum(['auto', 'none'])
    .describe("What today's tools need to build an old tree is added (auto, if absent), or is not (none).")
    .optional(),
  make: z
    .record(z.string().regex(/^[A-Za-z_]\w{0,80}$/, 'must be the name of a variable'), optionValue)
    .describe("Further variables for make's command line.")
    .optional(),
  wrappers: z
    .record(z.string().regex(/^[\w+][\w.+-]{0,60}$/, "must be a program's name"), path)
    .describe('Programs put in front of PATH: name to file.')
    .optional(),
  'extra-files': z
    .record(
      treePath,
      z.union([path, strict({ tree: treePath.describe('The file of the tree that is copied.') })], {
        error: 'must be a path, or { tree: PATH } for a copy of a file of the tree',
      }),
    )
    .describe('Files put into the tree: path in the tree to a file, or to { tree: PATH }.')
    .optional(),
}).meta({
  id: 'kernelToolchain',
  description: 'What the kernel is compiled with; the defaults fit trees of today.',
});

export const buildShape = {
  source: treeSource.optional().describe('The tree that the kernel is built from.'),
  series: strict({
    file: path.describe('A list of variants, each a list of patches; its paths start from its own folder.'),
    variant: z.string().min(1).max(100).describe('The variant to build.'),
  })
    .optional()
    .describe('A variant of a series of patches.'),
  patches: z.array(path).describe('Patches (-p1), in order; after those of a series.').optional(),
  'cherry-pick': z.array(ref).describe('Commits of a git source, in order; after the patches.').optional(),
  fuzz: z
    .int()
    .min(0)
    .max(3)
    .describe("How many lines of a hunk's context may differ; 2 if absent.")
    .optional(),
  config: config.optional().describe('What the kernel is configured as.'),
  trace: z
    .literal([true, 'on', 'yes'], { error: 'must be on, or left out' })
    .describe('Adds images/kernels/trace.config to the fragments: what a traced cell needs.')
    .optional(),
  toolchain: toolchain.optional().describe('What the kernel is compiled with.'),
};

type BuildInput = z.infer<z.ZodObject<typeof buildShape>>;
type TreeInput = z.infer<typeof treeSource>;

const DEFAULT_FUZZ = 2;
/** All that docs/traces.md says of a kernel's configuration. */
const TRACE_CONFIG = join(imagesFolder(), 'kernels', 'trace.config');

/** A checked entry; relative paths start from `folder`. */
export function buildSource(input: BuildInput & { source: TreeInput }, folder: string): BuildSource {
  const at = (file: string): string => resolve(folder, file);
  const { config: configured, toolchain: tools, series } = input;
  return {
    kind: 'build',
    tree: treeOf(input.source, folder),
    ...(series === undefined ? {} : { series: { file: at(series.file), variant: series.variant } }),
    patches: (input.patches ?? []).map(at),
    cherryPick: input['cherry-pick'] ?? [],
    fuzz: input.fuzz ?? DEFAULT_FUZZ,
    config: {
      base: baseOf(configured?.base, folder),
      fragments: [
        ...(configured?.fragments ?? []).map(at),
        ...(input.trace === undefined ? [] : [TRACE_CONFIG]),
      ],
      set: mapValues(configured?.set, String),
    },
    toolchain: {
      cc: wordsOf(tools?.cc, ['gcc']),
      hostcc: wordsOf(tools?.hostcc, []),
      ld: wordsOf(tools?.ld, ['ld']),
      kcflags: wordsOf(tools?.kcflags, []),
      kaflags: wordsOf(tools?.kaflags, []),
      hostcflags: wordsOf(tools?.hostcflags, []),
      ldflags: wordsOf(tools?.ldflags, []),
      ...(tools?.arch === undefined ? {} : { arch: tools.arch }),
      ...(tools?.fixups === 'none' ? { fixups: 'none' as const } : {}),
      make: mapValues(tools?.make, String),
      wrappers: mapValues(tools?.wrappers, at),
      extraFiles: mapValues(
        tools?.['extra-files'],
        (file): ExtraFile => (typeof file === 'string' ? { path: at(file) } : file),
      ),
    },
  };
}

function treeOf(input: TreeInput, folder: string): TreeSource {
  const sha256Part = input.sha256 === undefined ? {} : { sha256: input.sha256 };
  if (input.debian !== undefined) {
    return {
      kind: 'debian',
      package: input.debian,
      ...(input.suite === undefined ? {} : { suite: input.suite }),
    };
  }
  if (input.git !== undefined) {
    const where = isGitUrl(input.git) ? input.git : resolve(folder, input.git);
    return { kind: 'git', location: where, ref: input.ref ?? 'HEAD' };
  }
  if (input.directory !== undefined) return { kind: 'directory', path: resolve(folder, input.directory) };
  if (input.tarball !== undefined)
    return { kind: 'tarball', location: placeOf(input.tarball, folder), ...sha256Part };
  const prepared = input.prepared === true ? { prepared: input.prepared } : {};
  return { kind: 'srpm', location: placeOf(input.srpm ?? '', folder), ...sha256Part, ...prepared };
}

function baseOf(input: z.infer<typeof config>['base'], folder: string): ConfigBase {
  if (input === undefined || input === 'guest') return { kind: 'guest' };
  if ('file' in input) {
    const onlyPart = input.only === undefined ? {} : { only: input.only };
    return { kind: 'file', path: resolve(folder, input.file), ...onlyPart };
  }
  const sha256Part = input.sha256 === undefined ? {} : { sha256: input.sha256 };
  return { kind: 'deb', location: placeOf(input.deb, folder), ...sha256Part };
}

function placeOf(text: string, folder: string): string {
  return isHttpUrl(text) ? text : resolve(folder, text);
}

function wordsOf(
  input: string | readonly string[] | undefined,
  absent: readonly string[],
): readonly string[] {
  if (input === undefined) return absent;
  return typeof input === 'string' ? input.split(/\s+/).filter((word) => word !== '') : input;
}

function mapValues<From, To>(
  input: Readonly<Record<string, From>> | undefined,
  map: (value: From) => To,
): Readonly<Record<string, To>> {
  return Object.fromEntries(Object.entries(input ?? {}).map(([key, value]) => [key, map(value)]));
}
