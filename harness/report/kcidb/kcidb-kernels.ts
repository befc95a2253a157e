/** Kernels of a run as KCIDB checkouts (what source) and builds (what image). */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { lines } from '../../base/safe-text.ts';
import type { Provenance } from '../../record/provenance/provenance-types.ts';
import type { KernelView, RunView } from '../../record/run-view.ts';
import { shortRelease } from '../words.ts';
import { EXCERPT_MAX_CHARS, type KcidbBuild, type KcidbCheckout, type KcidbOptions } from './kcidb-types.ts';

/** What provenance.json says of a kernel that was built here (kernel/types.ts, BuildFacts); all of it may be missing. */
const buildFacts = z
  .looseObject({
    key: z.string(),
    source: z.string(),
    sourceDigest: z.string(),
    git: z.looseObject({ repository: z.string(), commit: z.string() }),
    patches: z.array(z.looseObject({ name: z.string(), sha256: z.string().regex(/^[0-9a-f]{64}$/) })),
    configSha256: z.string(),
    compiler: z.string(),
    linker: z.string(),
    buildId: z.string().nullable(),
    seconds: z.number(),
  })
  .partial();
type Facts = z.output<typeof buildFacts>;

interface KernelObjects {
  readonly checkouts: readonly KcidbCheckout[];
  readonly builds: readonly KcidbBuild[];
  /** Kernel name to the id of its build. */
  readonly buildIds: ReadonlyMap<string, string>;
}

/** The same source has the same checkout id in every run, the same image of it the same build id. */
export function kernelObjects(
  view: RunView,
  kernels: Provenance['kernels'],
  { origin }: KcidbOptions,
): KernelObjects {
  const checkouts = new Map<string, KcidbCheckout>();
  const builds = new Map<string, KcidbBuild>();
  const buildIds = new Map<string, string>();
  for (const [name, kernel] of view.kernels) {
    const mine = kernels.filter((one) => one.name === name);
    // Of a merged run, the part that says how this very image was made.
    const noted = mine.find((one) => one.sha256.value === kernel.ready?.sha256) ?? mine[0];
    const facts = buildFacts.safeParse(noted?.build).data ?? null;
    const checkout = checkoutOf(name, kernel, facts, view, origin);
    if (!checkouts.has(checkout.id)) checkouts.set(checkout.id, checkout);
    const build = buildOf(name, kernel, facts, checkout, view);
    const known = builds.get(build.id);
    builds.set(build.id, known === undefined ? build : alsoCalled(known, name));
    buildIds.set(name, build.id);
  }
  return { checkouts: [...checkouts.values()], builds: [...builds.values()], buildIds };
}

function digest(...parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/** A kernel that never came is a matter of this run alone. */
function notHad(view: RunView, name: string): string {
  return digest('not had', view.started?.run ?? '', name);
}

function checkoutOf(
  name: string,
  { ready }: KernelView,
  facts: Facts | null,
  view: RunView,
  origin: string,
): KcidbCheckout {
  const patchset = facts?.patches === undefined ? undefined : patchsetHash(facts.patches);
  const identity =
    facts?.sourceDigest === undefined
      ? ready === null
        ? notHad(view, name)
        : digest('image', ready.sha256)
      : digest('source', facts.sourceDigest, patchset ?? '');
  return {
    id: `${origin}:${identity}`,
    origin,
    ...gitOf(facts),
    ...(patchset === undefined ? {} : { patchset_hash: patchset }),
    comment: ready?.origin ?? `the source of ${name}, which could not be had`,
    // That the patches fitted; a kernel that was never there shows nothing of the kind.
    valid: ready !== null,
    misc: {
      ...packageOf(ready?.origin ?? ''),
      ...(facts?.source === undefined ? {} : { source: facts.source }),
      ...(facts?.sourceDigest === undefined ? {} : { source_digest: facts.sourceDigest }),
      ...(facts?.patches === undefined
        ? {}
        : {
            patches: facts.patches.map((patch) => ({
              name: patch.name.slice(patch.name.lastIndexOf('/') + 1),
              sha256: patch.sha256,
            })),
          }),
    },
  };
}

/** As the schema asks: `sha256sum *.patch | cut -c-64 | sha256sum`; an empty text if there are none. */
export function patchsetHash(patches: readonly { readonly sha256: string }[]): string {
  if (patches.length === 0) return '';
  return createHash('sha256')
    .update(patches.map((patch) => `${patch.sha256}\n`).join(''))
    .digest('hex');
}

/** Only an https address is taken by KCIDB; one with a password in it is cleared of that. */
function gitOf(facts: Facts | null): Pick<KcidbCheckout, 'git_repository_url' | 'git_commit_hash'> {
  const { git } = facts ?? {};
  if (git === undefined) return {};
  const commit = /^[0-9a-f]{40}$/.test(git.commit) ? { git_commit_hash: git.commit } : {};
  if (!git.repository.startsWith('https://') || !URL.canParse(git.repository)) return commit;
  const url = new URL(git.repository);
  url.username = '';
  url.password = '';
  return { git_repository_url: url.href, ...commit };
}

/** The words of kernel/from-debian.ts: "Debian bookworm: linux-image-6.1.0-56-cloud-amd64 6.1.192-2 (...)". */
function packageOf(origin: string): Readonly<Record<string, string>> {
  const [, suite, name, version] = /^Debian (\S+): (\S+) (\S+)/.exec(origin) ?? [];
  if (suite === undefined || name === undefined || version === undefined) return {};
  return { distribution: 'debian', suite, package: name, package_version: version };
}

function buildOf(
  name: string,
  { ready, failed }: KernelView,
  facts: Facts | null,
  checkout: KcidbCheckout,
  view: RunView,
): KcidbBuild {
  const { origin } = checkout;
  const base = {
    id: `${origin}:${ready === null ? notHad(view, name) : digest(checkout.id, ready.sha256)}`,
    checkout_id: checkout.id,
    origin,
    architecture: 'x86_64',
  };
  if (ready === null) {
    const message = failed === null ? 'the run ended before this kernel was there' : failed.message;
    const hint = failed?.hint === undefined ? '' : `\n${failed.hint}`;
    return {
      ...base,
      comment: name,
      // A tree that does not build is the tree's fault; anything else is ours or the host's.
      status: wasBuilt(view, name) ? 'FAIL' : 'MISS',
      log_excerpt: lines(`${message}${hint}`).slice(0, EXCERPT_MAX_CHARS),
      misc: { names: [name] },
    };
  }
  return {
    ...base,
    comment: `${name}: ${shortRelease(ready)}`,
    status: 'PASS',
    ...(facts?.compiler === undefined ? {} : { compiler: facts.compiler }),
    ...(facts?.seconds === undefined ? {} : { duration: facts.seconds }),
    misc: {
      names: [name],
      release: shortRelease(ready),
      image_sha256: ready.sha256,
      ...(facts?.configSha256 === undefined ? {} : { config_sha256: facts.configSha256 }),
      ...(facts?.linker === undefined ? {} : { linker: facts.linker }),
      ...(facts?.buildId == null ? {} : { build_id: facts.buildId }),
    },
  };
}

function wasBuilt(view: RunView, name: string): boolean {
  return [...view.cells.values()].some(
    ({ cell, judged }) => cell.kernel === name && judged?.verdicts.includes('build-failed') === true,
  );
}

function alsoCalled(build: KcidbBuild, name: string): KcidbBuild {
  const names = Array.isArray(build.misc.names) ? build.misc.names : [];
  return { ...build, comment: `${build.comment}; ${name}`, misc: { ...build.misc, names: [...names, name] } };
}
