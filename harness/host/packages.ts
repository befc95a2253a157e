/** How to install what is missing, in the words of this distribution. Inside, packages have their Debian names. */
import { readFileSync } from 'node:fs';

/** What installs packages, by the distributions that have it (ID and ID_LIKE of os-release(5)). */
const MANAGERS = [
  { of: /\b(?:debian|ubuntu)\b/, install: 'apt-get install -y --no-install-recommends' },
  { of: /\b(?:fedora|rhel|centos)\b/, install: 'dnf install -y' },
  { of: /\bsuse\b/, install: 'zypper install -y' },
  { of: /\barch\b/, install: 'pacman -S --needed' },
] as const;
type Manager = (typeof MANAGERS)[number];

/** By Debian's name: those of Fedora and RHEL-like ones, SUSE and Arch; empty if there is no such package. */
const NAMES: Readonly<Record<string, readonly [string, string, string]>> = {
  apt: ['apt', '', 'apt'],
  bash: ['bash', 'bash', 'bash'],
  bc: ['bc', 'bc', 'bc'],
  binutils: ['binutils', 'binutils', 'binutils'],
  bison: ['bison', 'bison', 'bison'],
  bubblewrap: ['bubblewrap', 'bubblewrap', 'bubblewrap'],
  'busybox-static': ['busybox', 'busybox-static', 'busybox'],
  'debian-archive-keyring': ['debian-keyring', '', 'debian-archive-keyring'],
  diffutils: ['diffutils', 'diffutils', 'diffutils'],
  dpkg: ['dpkg', 'dpkg', 'dpkg'],
  dwarves: ['dwarves', 'dwarves', 'pahole'],
  flex: ['flex', 'flex', 'flex'],
  gcc: ['gcc', 'gcc', 'gcc'],
  git: ['git', 'git', 'git'],
  'libarchive-tools': ['bsdtar', 'bsdtar', 'libarchive'],
  libatomic1: ['libatomic', 'libatomic1', 'gcc-libs'],
  'libc-bin': ['glibc-common', 'glibc', 'glibc'],
  'libc6-dev': ['glibc-devel glibc-static', 'glibc-devel glibc-devel-static', 'glibc'],
  'libelf-dev': ['elfutils-libelf-devel', 'libelf-devel', 'libelf'],
  'libfdt-dev': ['libfdt-devel libfdt-static', 'libfdt-devel', 'dtc'],
  'libglib2.0-dev': ['glib2-devel glib2-static', 'glib2-devel glib2-devel-static', 'glib2'],
  'libpcre2-dev': ['pcre2-devel pcre2-static', 'pcre2-devel pcre2-devel-static', 'pcre2'],
  'libseccomp-dev': ['libseccomp-devel libseccomp-static', 'libseccomp-devel', 'libseccomp'],
  'libssl-dev': ['openssl-devel', 'libopenssl-devel', 'openssl'],
  lz4: ['lz4', 'lz4', 'lz4'],
  make: ['make', 'make', 'make'],
  'ninja-build': ['ninja-build', 'ninja', 'ninja'],
  'openssh-client': ['openssh-clients', 'openssh-clients', 'openssh'],
  patch: ['patch', 'patch', 'patch'],
  perl: ['perl', 'perl', 'perl'],
  'python3-venv': ['python3', 'python3', 'python'],
  'qemu-system-data': ['qemu-common', 'qemu-x86', 'qemu-system-x86-firmware'],
  'qemu-system-x86': ['qemu-system-x86-core', 'qemu-x86', 'qemu-system-x86'],
  rpm: ['rpm-build', 'rpm-build', 'rpm-tools'],
  seabios: ['seabios-bin', 'qemu-seabios', 'seabios'],
  tar: ['tar', 'tar', 'tar'],
  'util-linux': ['util-linux', 'util-linux', 'util-linux'],
  'xz-utils': ['xz', 'xz', 'xz'],
  'zlib1g-dev': ['zlib-devel zlib-static', 'zlib-devel zlib-devel-static', 'zlib'],
  zstd: ['zstd', 'zstd', 'zstd'],
};

export interface Installer {
  /** Null on a distribution that is not known here. */
  readonly manager: Manager | null;
  readonly isRoot: boolean;
}

/** Pure: of the text of os-release(5). */
export function managerOf(osRelease: string): Manager | null {
  const ids = [...osRelease.matchAll(/^ID(?:_LIKE)?=(.*)$/gm)].map(([, words]) => words).join(' ');
  return MANAGERS.find(({ of }) => of.test(ids)) ?? null;
}

export function findInstaller(): Installer {
  let text = '';
  try {
    text = readFileSync('/etc/os-release', 'utf8');
  } catch {
    // A system that does not say what it is.
  }
  return { manager: managerOf(text), isRoot: process.getuid?.() === 0 };
}

/** What to type, or what to look for. `packages` are Debian's names. */
export function installCommand(packages: readonly string[], { manager, isRoot }: Installer): string {
  const at = manager === null ? -1 : MANAGERS.indexOf(manager) - 1;
  const all = [...new Set(packages)].sort();
  const nameOf = (name: string): string => (at === -1 ? name : (NAMES[name]?.[at] ?? ''));
  const known = manager === null ? [] : all.filter((name) => nameOf(name) !== '');
  const others = all.filter((name) => !known.includes(name));
  const names = [...new Set(known.flatMap((name) => nameOf(name).split(' ')))].join(' ');
  return [
    ...(known.length === 0 ? [] : [`${isRoot ? '' : 'sudo '}${manager?.install} ${names}`]),
    ...(others.length === 0 ? [] : [`install what Debian calls ${others.join(' ')}`]),
  ].join(', and ');
}

/** A hint that begins with "apt-get install", for this machine. */
export function localHint(hint: string, installer: Installer): string {
  return hint.replace(
    /^apt-get install (?:-\S+ )*((?:[a-z0-9][a-z0-9.+-]*(?: |$|(?=,)))+)/,
    (whole, words: string) =>
      installer.manager === MANAGERS[0] ? whole : installCommand(words.trim().split(' '), installer),
  );
}
