/** A harness process of its own, for a test that kills it or limits it: boots a guest, and says when it runs and how it ended. */
import { bootGuest } from '../../harness/guest/boot.ts';
import type { Launch } from '../../harness/guest/types.ts';

const [launch = '', folder = ''] = process.argv.slice(2);
let told = false;
const { ending } = await bootGuest(JSON.parse(launch) as Launch, {
  folder,
  onProgress: () => {
    if (!told) console.log('running');
    told = true;
  },
});
console.log(JSON.stringify(ending));
