/**
 * Which Debian archive this machine uses, and from it the sources for any suite. No server is named here: a
 * machine behind a local mirror, a proxy or a snapshot gets its kernels from there.
 */
import { HostFault } from '../../base/errors.ts';
import { runTool } from '../../host/process.ts';

/** One suite of a Debian archive that this machine has configured. */
export interface Archive {
  readonly uri: string;
  readonly suite: string;
  /** The same suite by its code name, if that is known. */
  readonly codename: string;
}

/** Suites beside a release, not releases. */
const BESIDE = /[-/](?:updates|security|backports|backports-sloppy|proposed-updates|debug)$/;

/** The Debian suites in this machine's apt configuration. Asks no network. */
export async function machineArchives(): Promise<Archive[]> {
  const options = { hint: NO_DEBIAN_HINT, env: { LC_ALL: 'C' } };
  const format = '$(ORIGIN)|$(COMPONENT)|$(REPO_URI)|$(RELEASE)|$(CODENAME)';
  const targets = await runTool(
    'apt-get',
    ['indextargets', '--format', format, 'Created-By: Packages'],
    options,
  );
  const known = parseTargets(targets.stdout);
  if (known.length > 0) return known;
  // Before the first "apt-get update" apt does not know who publishes what; the addresses' own names must do.
  // A wrong guess cannot do harm: what comes from there has to be signed by Debian.
  const uris = await runTool('apt-get', ['update', '--print-uris'], options);
  const guessed = parseUris(uris.stdout);
  if (guessed.length > 0) return guessed;
  throw new HostFault(
    'no-debian-archive',
    "no Debian archive among this machine's apt sources",
    NO_DEBIAN_HINT,
  );
}

const NO_DEBIAN_HINT =
  'run apt-get update once; on a machine without Debian sources give the kernel as a .deb: a path, or a URL with sha256';

/** Reads lines of ORIGIN|COMPONENT|REPO_URI|RELEASE|CODENAME. */
export function parseTargets(text: string): Archive[] {
  const archives: Archive[] = [];
  for (const line of text.split('\n')) {
    const [origin, component, uri, suite, codename] = line.split('|');
    if (origin !== 'Debian' || component !== 'main' || !uri || !suite) continue;
    archives.push({ uri, suite, codename: codename || suite });
  }
  return archives;
}

/** Reads "apt-get update --print-uris": lines such as 'http://host/debian/dists/SUITE/InRelease' name 0. */
export function parseUris(text: string): Archive[] {
  const archives: Archive[] = [];
  for (const [, uri, suite] of text.matchAll(
    /^'([^']*\/debian(?:-security)?\/)dists\/([^']+)\/InRelease'/gm,
  )) {
    if (uri && suite) archives.push({ uri, suite, codename: suite });
  }
  return archives;
}

/** The release that this machine itself runs on: what a package name without a suite means. */
export function ownSuite(archives: readonly Archive[]): string | undefined {
  return archives.find((each) => !BESIDE.test(each.suite))?.codename;
}

/**
 * Where a suite is. It stands alone: "bookworm" is the release with its point releases, without the security suite
 * beside it. A kernel of the release stays in the archive until the next point release, one of the security suite
 * only until the next fix, and here the same kernel tomorrow counts for more than the newest fix. Who wants that one
 * asks for "bookworm-security", which is at the address of this machine's own security suite.
 */
export function findArchive(suite: string, archives: readonly Archive[]): Archive | undefined {
  const exact = archives.find((each) => each.suite === suite || each.codename === suite);
  if (exact !== undefined) return { ...exact, suite };
  const isSecurity = (name: string) => /[-/]security$/.test(name);
  const alike = archives.filter((each) => isSecurity(each.suite) === isSecurity(suite));
  const base = alike.find((each) => !BESIDE.test(each.suite)) ?? alike[0];
  return base && { uri: base.uri, suite, codename: suite };
}
