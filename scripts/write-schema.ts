/** Writes schema/matrix.schema.json from the checks in harness/matrix/schema.ts. */
import { writeFile } from 'node:fs/promises';
import { jsonSchema } from '../harness/matrix/schema.ts';

const target = new URL('../schema/matrix.schema.json', import.meta.url);
await writeFile(target, `${JSON.stringify(jsonSchema(), null, 2)}\n`);
