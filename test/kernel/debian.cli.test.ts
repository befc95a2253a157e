import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { UserError } from '../../harness/base/errors.ts';
import { openCache } from '../../harness/host/cache.ts';
import { acquireKernel } from '../../harness/kernel/acquire.ts';
import { readKernelImage } from '../../harness/kernel/bzimage.ts';
import { openApt } from '../../harness/kernel/package/apt.ts';
import {
  findArchive,
  machineArchives,
  ownSuite,
  parseTargets,
  parseUris,
} from '../../harness/kernel/package/apt-sources.ts';
import { checkDebianName, parseDepends } from '../../harness/kernel/package/debian.ts';
import { inScratch, sha256 } from './tools.ts';

const TARGETS = `Debian|main|http://mirror.example/debian/|stable|trixie
Debian|non-free|http://mirror.example/debian/|stable|trixie
Debian|main|http://mirror.example/debian/|trixie-updates|trixie-updates
Debian|main|http://fixes.example/security/|trixie-security|trixie-security
Somebody|main|http://other.example/|nodistro|nodistro
`;

test('the archives of a machine are those that Debian publishes', () => {
  const archives = parseTargets(TARGETS);
  expect(archives.map((each) => each.suite)).toEqual(['stable', 'trixie-updates', 'trixie-security']);
  expect(ownSuite(archives)).toBe('trixie');
});

test('before the first update the archives are known by their addresses', () => {
  const archives = parseUris(
    `'http://m.example/debian/dists/bookworm/InRelease' m.example_debian_dists_bookworm_InRelease 0
'http://m.example/debian/dists/bookworm/main/binary-amd64/Packages.xz' m.example_x 0
'http://m.example/debian-security/dists/bookworm-security/InRelease' m.example_y 0
'http://m.example/tools/dists/bookworm/InRelease' m.example_z 0
`,
  );
  expect(archives).toEqual([
    { uri: 'http://m.example/debian/', suite: 'bookworm', codename: 'bookworm' },
    { uri: 'http://m.example/debian-security/', suite: 'bookworm-security', codename: 'bookworm-security' },
  ]);
});

test.each([
  ['trixie', 'http://mirror.example/debian/'],
  ['bullseye', 'http://mirror.example/debian/'],
  ['trixie-backports', 'http://mirror.example/debian/'],
  ['trixie-security', 'http://fixes.example/security/'],
  ['bookworm-security', 'http://fixes.example/security/'],
])('the suite %s is at %s', (suite, uri) => {
  expect(findArchive(suite, parseTargets(TARGETS))).toMatchObject({ suite, uri });
});

test('a security suite is not looked for where the machine has none', () => {
  const [main] = parseTargets(TARGETS);
  expect(main).toBeDefined();
  expect(findArchive('bookworm-security', main === undefined ? [] : [main])).toBeUndefined();
});

test('dependencies are read with their fixed versions', () => {
  expect(
    parseDepends('a | b (>= 0.1~), linux-binary-7.3.4+deb13-cloud-amd64 (= 7.3.4-1~bpo13+1), c:any'),
  ).toEqual([
    { name: 'a' },
    { name: 'b' },
    { name: 'linux-binary-7.3.4+deb13-cloud-amd64', version: '7.3.4-1~bpo13+1' },
    { name: 'c' },
  ]);
});

test.each([
  { package: '-o=Dir::Etc=/x' },
  { package: 'linux image' },
  { package: 'x/sid' },
  { package: 'linux-image-amd64', suite: 'sid\nURIs: http://evil.example' },
  { package: 'linux-image-amd64', suite: '../sid' },
])('%j is not a name', (name) => {
  expect(() => checkDebianName(name)).toThrow(UserError);
});

// From here on through this machine's own mirror; skipped where its apt sources have no Debian archive.
const archives = await machineArchives().catch(() => []);
const NETWORK_MS = 300_000;

test.each([
  ['bookworm', /^6\.1\.0-\d+-cloud-amd64$/],
  ['trixie-backports', /^\d+\.\d+.*-cloud-amd64$/],
])(
  'the cloud kernel of %s comes from the mirror once, then from the cache',
  { timeout: NETWORK_MS, skip: archives.length === 0 },
  async (suite, release) => {
    await inScratch(async (folder) => {
      const cache = await openCache(folder);
      const said: string[] = [];
      const entry = {
        name: 'k',
        source: { kind: 'debian', package: 'linux-image-cloud-amd64', suite },
      } as const;
      const onProgress = (text: string) => void said.push(text);
      const first = await acquireKernel(entry, { cache, onProgress });
      expect(first.release).toMatch(release);
      expect(first).toMatchObject({ cached: false, sha256: sha256(await readFile(first.path)) });
      expect(basename(first.path)).toBe(`vmlinuz-${first.release}`);
      expect((await readKernelImage(first.path)).is64Bit).toBe(true);
      expect(first.origin).toMatch(
        new RegExp(
          `^Debian ${suite}: linux-\\w+-.* \\S+ \\(linux-image-cloud-amd64 resolved on \\d{4}-\\d\\d-\\d\\d\\)$`,
        ),
      );

      // Another look at the archive would say so, and would make the state again that apt needs for it.
      await rm(join(folder, 'apt'), { recursive: true });
      said.length = 0;
      const second = await acquireKernel(entry, { cache, onProgress });
      expect(second).toEqual({ ...first, cached: true });
      expect(said).toEqual([expect.stringMatching(/ from the cache, as resolved on /)]);
      expect(await readdir(folder)).not.toContain('apt');

      // The archive still has the same version: the index is read anew, the kernel is not fetched again.
      said.length = 0;
      const fresh = await acquireKernel(entry, { cache, onProgress, refresh: true });
      expect(fresh).toEqual({ ...first, cached: true });
      expect(said).toContain(`reading the package index of Debian ${suite}`);

      await writeFile(first.path, 'rotten');
      const healed = await acquireKernel(entry, { cache, onProgress });
      expect(healed).toEqual(first);
      expect(said.join('\n')).toContain('was damaged');
      expect(await readdir(join(folder, 'tmp'))).toEqual([]);
    });
  },
);

const REMOTE = { timeout: NETWORK_MS, skip: archives.length === 0 };

test('no such suite and no such package are told apart', REMOTE, async () => {
  await inScratch(async (folder) => {
    const cache = await openCache(folder);
    const get = (name: string, suite: string) =>
      acquireKernel({ name: 'k', source: { kind: 'debian', package: name, suite } }, { cache });
    await expect(get('linux-image-amd64', 'nosuchsuite')).rejects.toThrow(/has no suite nosuchsuite/);
    await expect(get('linux-image-nosuch', 'trixie-backports')).rejects.toThrow(
      /no package linux-image-nosuch/,
    );
    await expect(get('linux-image-nosuch', 'trixie-backports')).rejects.toMatchObject({ name: 'UserError' });
  });
});

test('an archive that cannot be reached is a network fault', REMOTE, async () => {
  await inScratch(async (folder) => {
    // The discard port of this machine: nobody listens.
    const dead = { uri: 'http://127.0.0.1:9/debian/', suite: 'bookworm', codename: 'bookworm' };
    const opening = openApt(join(folder, 'apt'), dead);
    await expect(opening).rejects.toMatchObject({
      name: 'HostFault',
      code: 'network',
      hint: expect.any(String),
    });
  });
});
