/** Which files of a package are kernels. */
import { UserError } from '../../base/errors.ts';

export interface KernelMember {
  /** As the archive spells it, to ask for it. */
  readonly member: string;
  readonly release: string;
}

const PLACES = [
  // The modules folder first: if a package has both, the one under boot may be a link to it.
  /^(?:usr\/)?lib\/modules\/([\w.+~-]+)\/vmlinuz$/,
  /^boot\/vmlinuz-([\w.+~-]+)$/,
];
/** Files beside a kernel that share its name's beginning. */
const NOT_A_KERNEL = /\.(?:hmac|sig|signed|sha\d+|debug|old)$/;

/**
 * The kernels among a package's members. A package with a member that would land outside the tree is refused
 * as a whole: nobody makes one by accident.
 */
export function findKernelMembers(members: readonly string[], packagePath: string): KernelMember[] {
  const outside = members.find(leavesTree);
  if (outside !== undefined) {
    throw new UserError(
      `${packagePath} is refused: its member ${JSON.stringify(outside)} leaves the package's own tree`,
      'a package like this is broken or hostile; get it from its maker again',
    );
  }
  const found: KernelMember[] = [];
  for (const place of PLACES) {
    for (const member of members) {
      const release = place.exec(member.replace(/^(?:\.\/)+/, ''))?.[1];
      if (release !== undefined && !NOT_A_KERNEL.test(release)) found.push({ member, release });
    }
  }
  const releases = [...new Set(found.map((each) => each.release))];
  if (releases.length > 1) {
    throw new UserError(
      `${packagePath} holds more than one kernel: ${found.map((each) => each.member).join(', ')}`,
      'unpack it and give the one you mean as an image',
    );
  }
  return found;
}

/** The error of a package in which no kernel was found. */
export function noKernelIn(packagePath: string, files: number): UserError {
  return new UserError(
    `${packagePath} holds no kernel (boot/vmlinuz-* or lib/modules/*/vmlinuz) among its ${files} members`,
    'packages that only depend on a kernel, and those of modules, headers or symbols, cannot be booted',
  );
}

function leavesTree(member: string): boolean {
  return member.startsWith('/') || member.split('/').includes('..');
}
