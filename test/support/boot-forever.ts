/** A harness process of its own for a test that kills it: boots a guest that never ends, and says when it runs. */
import { bootGuest } from '../../harness/guest/boot.ts';
import type { Launch } from '../../harness/guest/types.ts';

const [launch = '', folder = ''] = process.argv.slice(2);
let told = false;
await bootGuest(JSON.parse(launch) as Launch, {
  folder,
  onProgress: () => {
    if (!told) console.log('running');
    told = true;
  },
});
