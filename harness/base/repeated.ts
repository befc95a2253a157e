/** The first whose name one before it has; undefined if each has its own. */
export function firstRepeated<T extends { readonly name: string }>(all: readonly T[]): T | undefined {
  return all.find(({ name }, at) => all.findIndex((one) => one.name === name) < at);
}
