import { mediaTypes } from '../oci/index.ts';

/** Which of the two families of names an image uses. They mean the same, but one image should not mix them. */
export type TypeFamily = 'oci' | 'docker';

const layerTypes: readonly (readonly [oci: string, docker: string])[] = [
  [mediaTypes.ociLayer, mediaTypes.dockerLayer],
  [mediaTypes.ociLayerGzip, mediaTypes.dockerLayerGzip],
  [mediaTypes.ociLayerZstd, mediaTypes.dockerLayerZstd],
];

const foreign =
  /^application\/vnd\.(?:oci\.image\.layer\.nondistributable\.v1\.tar|docker\.image\.rootfs\.foreign\.diff\.tar)(?:[.+](gzip|zstd))?$/;

/** A layer's media type in `family`. A layer that may not be distributed becomes an ordinary one, unless `keepsForeign`. */
export function layerTypeIn(family: TypeFamily, mediaType: string, keepsForeign: boolean): string {
  const match = foreign.exec(mediaType);
  if (match !== null) {
    const compression = match[1];
    if (!keepsForeign)
      return layerTypeIn(family, ['application/vnd.oci.image.layer.v1.tar', compression].filter(Boolean).join('+'), false);
    if (family === 'oci')
      return ['application/vnd.oci.image.layer.nondistributable.v1.tar', compression].filter(Boolean).join('+');
    return ['application/vnd.docker.image.rootfs.foreign.diff.tar', compression].filter(Boolean).join('.');
  }
  const row = layerTypes.find((pair) => pair.includes(mediaType));
  return row === undefined ? mediaType : row[family === 'oci' ? 0 : 1];
}

export function manifestTypeIn(family: TypeFamily): string {
  return family === 'oci' ? mediaTypes.ociManifest : mediaTypes.dockerManifest;
}

export function configTypeIn(family: TypeFamily): string {
  return family === 'oci' ? mediaTypes.ociConfig : mediaTypes.dockerConfig;
}
