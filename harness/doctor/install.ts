/** How to install Debian packages from here. Pure. */

export interface Installer {
  /** apt-get is there. */
  readonly hasApt: boolean;
  readonly isRoot: boolean;
}

/** One command for all of them, each once and sorted. */
export function installCommand(packages: readonly string[], { hasApt, isRoot }: Installer): string {
  const names = [...new Set(packages)].sort().join(' ');
  if (!hasApt) return `install what Debian calls ${names}`;
  return `${isRoot ? '' : 'sudo '}apt-get install -y --no-install-recommends ${names}`;
}
