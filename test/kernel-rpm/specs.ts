/** Small specs in the manners of distributions, and source RPMs made of them. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runTool } from '../../harness/host/process.ts';

export interface SpecParts {
  /** Folder and archive are linux-VERSION.tar.gz, with one folder linux-VERSION. */
  readonly version: string;
  readonly release: string;
}

/** A patch of the distribution that fits every tree. */
export const NEW_FILE = '--- /dev/null\n+++ b/one.txt\n@@ -0,0 +1 @@\n+of the distribution\n';

const TAGS = ({ version, release }: SpecParts): string => `Summary: The Linux kernel
Name: kernel
Version: ${version}
Release: ${release}
License: GPLv2
ExclusiveArch: x86_64
Source0: linux-${version}.tar.gz
Source1: kernel-x86_64.config`;

const FILES = `%description
The Linux kernel.
`;

/** Compiles in the tree, as packages do; KernelVer is uname -r. */
const BUILD = `%build
KernelVer=%{version}-%{release}.%{_target_cpu}
perl -p -i -e "s/^EXTRAVERSION.*/EXTRAVERSION = -%{release}.%{_target_cpu}/" Makefile
cp %{SOURCE1} .config
make -s olddefconfig
make -s %{?_smp_mflags} bzImage

%install
KernelVer=%{version}-%{release}.%{_target_cpu}
mkdir -p $RPM_BUILD_ROOT/boot
install -m 755 arch/x86/boot/bzImage $RPM_BUILD_ROOT/boot/vmlinuz-$KernelVer
install -m 644 .config $RPM_BUILD_ROOT/boot/config-$KernelVer
sha512hmac $RPM_BUILD_ROOT/boot/vmlinuz-$KernelVer > $RPM_BUILD_ROOT/boot/.vmlinuz-$KernelVer.hmac

%files
/boot/vmlinuz-*
/boot/.vmlinuz-*
/boot/config-*
`;

/** el7: functions of bash in %prep, a tree below a folder of its own, a buildid that is commented out. */
export const el7Spec = (parts: SpecParts): string => `# define buildid .local
%define pkg_release ${parts.release}%{?dist}%{?buildid}
%define with_baseonly  %{?_with_baseonly:     1} %{?!_with_baseonly:     0}
%define with_debug     %{?_without_debug:     0} %{?!_without_debug:     1}
%define with_kabichk   %{?_without_kabichk:   0} %{?!_without_kabichk:   1}
%define KVRA %{version}-%{release}.%{_target_cpu}
${TAGS({ ...parts, release: '%{pkg_release}' })}
%if 1
Patch1: linux-one.patch
%endif
# empty final patch to facilitate testing of kernel patches
Patch999999: linux-kernel-test.patch
%if %{with_debug}
BuildRequires: something-that-is-nowhere
%endif
${FILES}
%prep
patch_command='patch -p1 -F1 -s'
ApplyPatch()
{
  local patch=$1
  shift
  if ! grep -E "^Patch[0-9]+: $patch\\$" %{_specdir}/\${RPM_PACKAGE_NAME}.spec ; then
    if [ "\${patch:0:8}" != "patch-3." ] ; then
      echo "ERROR: Patch  $patch  not listed as a source patch in specfile"
      exit 1
    fi
  fi 2>/dev/null
  case "$patch" in
  *.gz) gunzip < "$RPM_SOURCE_DIR/$patch" | $patch_command \${1+"$@"} ;;
  *) $patch_command \${1+"$@"} < "$RPM_SOURCE_DIR/$patch" ;;
  esac
}

# don't apply patch if it's empty
ApplyOptionalPatch()
{
  local patch=$1
  shift
  local C=$(wc -l $RPM_SOURCE_DIR/$patch | awk '{print $1}')
  if [ "$C" -gt 9 ]; then
    ApplyPatch $patch \${1+"$@"}
  fi
}

%if %{with_kabichk}
echo "the kABI is to be checked" ; exit 1
%endif
%setup -q -n kernel-%{version} -c
mv linux-%{version} linux-%{KVRA}
cd linux-%{KVRA}

%if 1
ApplyPatch linux-one.patch
%endif
ApplyOptionalPatch linux-kernel-test.patch

touch .scmversion
cd ..

${BUILD.replaceAll(/^%(build|install)$/gm, '%$1\ncd linux-%{KVRA} 2>/dev/null || cd kernel-%{version}/linux-%{KVRA}')}
%changelog
* Mon Jan 05 2026 Nobody <n@example.org> - 1
- x86: %{?_without_changelog} is not a switch
`;

/** Fedora's kernels of today, XCP-ng: all patches by one macro. */
export const autosetupSpec = (
  parts: SpecParts,
): string => `${TAGS({ ...parts, release: `${parts.release}%{?dist}` })}
Patch0: linux-one.patch
Patch1: linux-kernel-test.patch
${FILES}
%prep
%autosetup -p1 -n linux-%{version}

${BUILD}`;

/** A patch macro each, the older words. */
export const patchMacroSpec = (parts: SpecParts): string =>
  autosetupSpec(parts)
    .replace('%autosetup -p1 -n', '%setup -q -n')
    .replace(
      'linux-%{version}\n\n%build',
      'linux-%{version}\n%patch0 -p1\n%if 0\n%patch1 -p1\n%endif\n\n%build',
    );

/** Makes a source RPM. `folder` gets its rpmbuild tree; `sources` are texts, or paths of files elsewhere. */
export async function makeSrpm(
  folder: string,
  spec: string,
  sources: Readonly<Record<string, string>>,
  archive?: { readonly tree: string; readonly name: string; readonly exclude?: readonly string[] },
): Promise<string> {
  const top = join(folder, 'made');
  for (const name of ['SOURCES', 'SPECS']) await mkdir(join(top, name), { recursive: true });
  for (const [name, text] of Object.entries(sources)) await writeFile(join(top, 'SOURCES', name), text);
  if (archive !== undefined) {
    const { tree, name, exclude = [] } = archive;
    const named = [`--transform=s,^\\.,${name},S`, '--exclude-vcs', '--show-transformed-names'];
    const left = exclude.map((glob) => `--exclude=${glob}`);
    const packed = ['-C', tree, '--use-compress-program=gzip -1', ...named, ...left, '-cf'];
    await runTool('tar', [...packed, join(top, 'SOURCES', `${name}.tar.gz`), '.']);
  }
  await writeFile(join(top, 'SPECS', 'kernel.spec'), spec);
  const args = [
    '-bs',
    '--nodeps',
    '--target',
    'x86_64',
    '--define',
    `_topdir ${top}`,
    '--define',
    'dist .el7',
  ];
  const { stdout } = await runTool('rpmbuild', [...args, join(top, 'SPECS', 'kernel.spec')]);
  const made = /^Wrote: (.*)$/m.exec(stdout)?.[1];
  if (made === undefined) throw new Error(stdout);
  return made;
}
