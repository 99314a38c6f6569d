import { isFileNode, resolve } from '../layer/index.ts';
import { prepareToRead, streamNode, treeOfResult } from './nodes.ts';
import type { OpsState } from './ports.ts';
import type { OpResult } from './result.ts';

/** The first `limitBytes` of the file `path` of a result; `undefined` where it has no such file. */
export async function readResultFile(
  result: OpResult,
  path: string,
  state: OpsState,
  { limitBytes, signal }: { readonly limitBytes: number; readonly signal: AbortSignal },
): Promise<Buffer | undefined> {
  const node = resolve(treeOfResult(result, state), path, { followLast: true })?.node;
  if (node === undefined || !isFileNode(node)) return undefined;
  await prepareToRead([node], state, signal);
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of streamNode(node, state)) {
    chunks.push(Buffer.from(chunk));
    sizeBytes += chunk.byteLength;
    if (sizeBytes >= limitBytes) break;
  }
  return Buffer.concat(chunks).subarray(0, limitBytes);
}
