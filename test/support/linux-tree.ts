/** The real linux-source-6.1, and what of it the guest's configuration needs. */
import { openCache } from '../../harness/host/cache.ts';
import { runTool } from '../../harness/host/process.ts';
import { findSource } from '../../harness/kernel/tree/source.ts';
import { ensureTree } from '../../harness/kernel/tree/trees.ts';

const LEFT_OUT =
  /^(?:Documentation|arch\/(?!x86)[^/]+|sound|samples|rust|net|tools\/(?:testing|perf)|drivers\/(?:gpu|net|media|scsi|infiniband|staging|usb|pinctrl|clk|iio|video|crypto|md|mtd|misc|power|soc|spi|phy|regulator|target|gpio|mfd|hwmon|input)|fs\/(?:xfs|btrfs|ext4|ocfs2|cifs|nfs|nfsd|f2fs|ntfs|ntfs3|jfs|reiserfs|ubifs|gfs2|ceph|afs|smb))\//;
const READ_BY_KBUILD = /(?:^|\/)(?:Kconfig|Makefile|Kbuild)[^/]*$/;

/** The unpacked tree, in the cache that all tests share: to be read only. */
export async function linuxTree(): Promise<string> {
  const cache = await openCache();
  const named = { kind: 'debian', package: 'linux-source-6.1', suite: 'bookworm' } as const;
  return ensureTree(await findSource(named, { cache }), { cache });
}

/** Paths below the tree without the directories that the guest's configuration does not build, but for what kbuild reads of them. */
export async function smallTreeFiles(tree: string): Promise<string[]> {
  // Links are files here; readdir() would follow them.
  const { stdout } = await runTool('find', [tree, '!', '-type', 'd', '-printf', '%P\\n']);
  return stdout
    .split('\n')
    .filter((path) => path !== '' && (!LEFT_OUT.test(path) || READ_BY_KBUILD.test(path)));
}
