import type { WireResponse } from '../../registry/index.ts';

const unnamed = 'download';

/** The name a download gets: `wanted`, else what the server calls it, else the last part of the URL's path. Always one plain name. */
export function downloadName(url: URL, wanted: string | undefined, response: WireResponse | undefined): string {
  if (wanted !== undefined && wanted !== '') return plainName(wanted);
  const offered = dispositionName(response?.header('content-disposition') ?? '');
  if (offered !== undefined) return plainName(offered);
  try {
    return plainName(decodeURIComponent(url.pathname));
  } catch {
    return plainName(url.pathname);
  }
}

/** The `filename*` or `filename` of a `Content-Disposition`. @see RFC 6266 */
function dispositionName(header: string): string | undefined {
  const extended = /;\s*filename\*\s*=\s*utf-8'[^']*'([^;\s]+)/i.exec(header)?.[1];
  if (extended !== undefined) {
    try {
      return decodeURIComponent(extended);
    } catch {
      return undefined;
    }
  }
  const quoted = /;\s*filename\s*=\s*"((?:[^"\\]|\\.)*)"/i.exec(header)?.[1]?.replace(/\\(.)/g, '$1');
  const name = quoted ?? /;\s*filename\s*=\s*([^;\s"]+)/i.exec(header)?.[1];
  return name === undefined || name === '' || name.endsWith('/') ? undefined : name;
}

function plainName(text: string): string {
  const name = text.trim().replace(/\/+$/, '').split('/').at(-1) ?? '';
  // oxlint-disable-next-line no-control-regex -- control characters are the point
  return name === '' || name === '.' || name === '..' || /[\u0000-\u001f\u007f-\u009f]/.test(name) ? unnamed : name;
}
