import { type Digest, digestOf } from './digest.ts';

/** The name of a stack of layers, bottom first. @see OCI image-spec, config.md, "Layer ChainID" */
export function chainId(diffIds: readonly Digest[]): Digest | undefined {
  let chain: Digest | undefined;
  for (const diffId of diffIds) chain = chain === undefined ? diffId : digestOf(`${chain} ${diffId}`);
  return chain;
}
