/** The orders of versions: as rpm and as dpkg compare them, to the letter. */

type Order = (a: string, b: string) => number;

/** Digits of any length by value. */
function compareDigits(a: string, b: string): number {
  const [one, other] = [a.replace(/^0+/, ''), b.replace(/^0+/, '')];
  if (one.length !== other.length) return one.length < other.length ? -1 : 1;
  return one < other ? -1 : one > other ? 1 : 0;
}

/** rpmvercmp() of rpm's rpmio/rpmvercmp.c: "~" comes before the end of a version, "^" right behind it. */
export function compareRpmParts(a: string, b: string): number {
  let [one, other] = [a, b];
  while (one !== '' || other !== '') {
    [one, other] = [one, other].map((text) => text.replace(/^[^A-Za-z0-9~^]+/, '')) as [string, string];
    if (one[0] === '~' || other[0] === '~') {
      if (one[0] !== other[0]) return one[0] === '~' ? -1 : 1;
      [one, other] = [one.slice(1), other.slice(1)];
      continue;
    }
    if (one[0] === '^' || other[0] === '^') {
      if (one === '' || other === '') return one === '' ? -1 : 1;
      if (one[0] !== other[0]) return one[0] === '^' ? -1 : 1;
      [one, other] = [one.slice(1), other.slice(1)];
      continue;
    }
    if (one === '' || other === '') break;
    const isNumber = /^\d/.test(one);
    const segment = isNumber ? /^\d*/ : /^[A-Za-z]*/;
    const [left = '', right = ''] = [segment.exec(one)?.[0], segment.exec(other)?.[0]];
    // A number is newer than a word.
    if (right === '') return isNumber ? 1 : -1;
    const difference = isNumber ? compareDigits(left, right) : left < right ? -1 : left > right ? 1 : 0;
    if (difference !== 0) return difference;
    [one, other] = [one.slice(left.length), other.slice(right.length)];
  }
  return one === other ? 0 : one === '' ? -1 : 1;
}

/** [EPOCH:]VERSION-RELEASE; no epoch is epoch 0. */
export const compareRpmVersions: Order = (a, b) => compareInTurn(a, b, compareRpmParts);

/** [EPOCH:]UPSTREAM[-REVISION]: dpkg_version_compare() of dpkg's lib/dpkg/version.c. */
export const compareDebianVersions: Order = (a, b) => compareInTurn(a, b, compareDebianParts);

/** Epoch, version and what stands behind the last dash, the first difference deciding. */
function compareInTurn(a: string, b: string, compare: Order): number {
  const split = (text: string): readonly string[] => {
    const [, epoch = '0', version = '', release = ''] = /^(?:(\d+):)?(.*?)(?:-([^-]*))?$/.exec(text) ?? [];
    return [epoch, version, release];
  };
  const others = split(b);
  for (const [index, part] of split(a).entries()) {
    const difference = compare(part, others[index] ?? '');
    if (difference !== 0) return difference;
  }
  return 0;
}

/** verrevcmp() of dpkg's lib/dpkg/version.c: letters before other characters, "~" before the end. */
function compareDebianParts(a: string, b: string): number {
  const weight = (character: string | undefined): number => {
    if (character === undefined || /\d/.test(character)) return 0;
    if (character === '~') return -1;
    return character.charCodeAt(0) + (/[A-Za-z]/.test(character) ? 0 : 256);
  };
  let [one, other] = [a, b];
  while (one !== '' || other !== '') {
    const [left, right] = [one, other].map((text) => /^\D*/.exec(text)?.[0] ?? '') as [string, string];
    for (let at = 0; at < Math.max(left.length, right.length); at += 1) {
      const difference = weight(left[at]) - weight(right[at]);
      if (difference !== 0) return Math.sign(difference);
    }
    [one, other] = [one.slice(left.length), other.slice(right.length)];
    const [digits, others] = [one, other].map((text) => /^\d*/.exec(text)?.[0] ?? '') as [string, string];
    const difference = compareDigits(digits, others);
    if (difference !== 0) return difference;
    [one, other] = [one.slice(digits.length), other.slice(others.length)];
  }
  return 0;
}
