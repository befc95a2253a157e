/** Gathers provenance.json: the inputs of a run and the host it ran on. */
import { readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { confinementText } from '../../host/confine/confine.ts';
import { privilegesText } from '../../host/confine/privileges.ts';
import { sha256OfFile } from '../../host/digest.ts';
import { tryTool } from '../../host/process.ts';
import { findProgram } from '../../host/program.ts';
import { projectFolder } from '../../host/project.ts';
import type { HostNoted } from '../types.ts';
import { factOf, gatherHostFacts } from './host-facts.ts';
import { type Fact, PROVENANCE_VERSION, type Provenance } from './provenance-types.ts';

interface ProvenanceInputs {
  /** QEMU's program, as a name or path; null if the run needs none. */
  readonly qemu: string | null;
  readonly matrix: { readonly name: string; readonly path: string; readonly sha256: string };
  readonly kernels: readonly {
    readonly name: string;
    readonly path: string;
    readonly origin: string;
    readonly release: string;
  }[];
  /** The probe initramfs; null if it could not be made. */
  readonly initramfs: string | null;
  /** Other files that go into guests. */
  readonly files?: readonly { readonly name: string; readonly path: string }[];
  /** If cells run on it, or in it. */
  readonly pinnedQemu?: NonNullable<Provenance['pinnedQemu']>;
  readonly appliance?: NonNullable<Provenance['appliance']>;
  readonly now?: Date;
}

export async function gatherProvenance(inputs: ProvenanceInputs): Promise<Provenance> {
  const files = [
    ...(inputs.initramfs === null ? [] : [{ name: 'initramfs', path: inputs.initramfs }]),
    ...(inputs.files ?? []),
  ];
  const [tscmatrix, qemu, kernels, digests, host] = await Promise.all([
    ownFacts(),
    qemuFacts(inputs.qemu),
    Promise.all(inputs.kernels.map(async (kernel) => ({ ...kernel, sha256: await sha256Fact(kernel.path) }))),
    Promise.all(files.map(async (file) => ({ ...file, sha256: await sha256Fact(file.path) }))),
    gatherHostFacts(),
  ]);
  return {
    version: PROVENANCE_VERSION,
    at: (inputs.now ?? new Date()).toISOString(),
    tscmatrix,
    node: process.version,
    matrix: inputs.matrix,
    qemu,
    ...(inputs.pinnedQemu === undefined ? {} : { pinnedQemu: inputs.pinnedQemu }),
    ...(inputs.appliance === undefined ? {} : { appliance: inputs.appliance }),
    kernels,
    files: digests,
    confinement: { builds: await confinementText(), qemu: await privilegesText(inputs.qemu) },
    host,
  };
}

/** The event that carries the part of it which belongs beside the results. */
export function hostFacts(provenance: Provenance): HostNoted {
  const { tscmatrix, qemu, pinnedQemu, host } = provenance;
  const commit = tscmatrix.commit.value?.slice(0, 12);
  return {
    type: 'host-noted',
    tscmatrix: `${tscmatrix.version}${commit === undefined ? '' : ` (${commit}${tscmatrix.dirty.value ? ', modified' : ''})`}`,
    node: provenance.node,
    qemuVersion: qemu.version.value,
    qemuSha256: qemu.sha256.value,
    cpu: host.cpu.value,
    kernel: host.kernel,
    hypervisor: host.hypervisor.value,
    clocksource: host.clocksource.current.value,
    ...(pinnedQemu === undefined
      ? {}
      : { pinnedQemu: { version: pinnedQemu.version, behaviour: pinnedQemu.behaviour } }),
  };
}

function sha256Fact(path: string): Promise<Fact<string>> {
  return factOf(() => sha256OfFile(path));
}

async function qemuFacts(qemu: string | null): Promise<Provenance['qemu']> {
  if (qemu === null) {
    const none: Fact<string> = { value: null, reason: 'no QEMU was used' };
    return { path: none, version: none, sha256: none };
  }
  const path = await factOf(() => findProgram(qemu));
  const found = path.value;
  if (found === null) return { path, version: path, sha256: path };
  const version = factOf(async () => {
    const { stdout } = await tryTool(found, ['--version'], { timeoutMs: 20_000 });
    const line = /^QEMU emulator version (.+)$/m.exec(stdout)?.[1];
    if (line === undefined) throw new Error('--version did not say');
    return line.trim();
  });
  return { path, version: await version, sha256: await sha256Fact(found) };
}

async function ownFacts(): Promise<Provenance['tscmatrix']> {
  const { version } = JSON.parse(await readFile(join(projectFolder(), 'package.json'), 'utf8')) as {
    version: string;
  };
  const commit = await factOf(async () => {
    // An installed package may lie within somebody else's repository, whose commit says nothing about us.
    const top = await git(['rev-parse', '--show-toplevel']);
    if ((await realpath(top)) !== (await realpath(projectFolder())))
      throw new Error('not run from a git checkout');
    return git(['rev-parse', '--verify', 'HEAD']);
  });
  const dirty =
    commit.value === null ? commit : await factOf(async () => (await git(['status', '--porcelain'])) !== '');
  return { version, commit, dirty };
}

async function git(args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await tryTool('git', ['-C', projectFolder(), ...args], {
    timeoutMs: 20_000,
  });
  if (exitCode !== 0) throw new Error(`git ${args[0]}: ${stderr.trim() || `exit code ${exitCode}`}`);
  return stdout.trim();
}
