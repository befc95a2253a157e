/** A first matrix for a kernel at hand, with a comment at each part, for its owner to change. */

/** `kernel`: its keys in a matrix, each value as JSON, which YAML reads the same: a path may hold anything. */
export function starterMatrix(kernel: Readonly<Record<string, unknown>>): string {
  const keys = Object.entries(kernel).map(([key, value]) => `${key}: ${JSON.stringify(value)}`);
  return `# A matrix: these kernels are booted in these guests, and each cell is held against what is expected of it.
#   tscmatrix plan FILE     the cells, without a boot
#   tscmatrix run FILE      boots them all
# The whole language: docs/matrix.md of tscmatrix.
version: 1
name: mine

kernels:
  mine: { ${keys.join(', ')} }
  # One to compare with; its package is fetched from the Debian archive.
  # debian-6.12: { debian: linux-image-cloud-amd64, suite: trixie }

# Each value of one with each value of the others: two guests here.
axes:
  hpet: [on, off]
  # pmtimer: [on, off]
  # smp: [1, 2]                      # with clock: real
  # cpu: [max, qemu64]               # qemu64 has no invariant TSC
  # topology: [tcg, nested]          # nested: true KVM guests, on any machine
  # ref-delay: [none, 10us]          # added to each read of the reference counters

# Of every guest that no axis says otherwise of.
defaults:
  clock: deterministic               # instructions are counted: the same console each time; or real

# The last rule that fits says what counts as expected.
expect:
  - registration: refined            # or known-frequency, unrefined, never, unstable
    current: tsc
    accuracy-ppm: 50
  # - when: { hpet: off }
  #   registration: never
`;
}
