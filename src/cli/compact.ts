/** `options` without the members that are undefined, as `exactOptionalPropertyTypes` wants them. */
export function compact<T extends object>(options: { readonly [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}
