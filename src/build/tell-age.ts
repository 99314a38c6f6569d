import type { EmitEvent } from '../solver/index.ts';
import type { Tell } from './told-step.ts';

/** A tag that was looked up longer ago is worth a word. */
const staleAfterMs = 7 * 86_400_000;

export interface TagAge {
  readonly reference: string;
  readonly image: { readonly askedAtMs?: number | undefined };
  readonly offline: boolean;
  /** Of the step that looks the image up. */
  readonly tell: Tell;
  readonly emit: EmitEvent;
}

/** Say when a tag was last looked up: always when its registry must not be asked, else when that was long ago. */
export function tellAge({ reference, image: { askedAtMs }, offline, tell, emit }: TagAge): void {
  const atMs = Date.now();
  if (askedAtMs === undefined) return;
  const day = new Date(askedAtMs).toISOString().slice(0, 10);
  if (offline) tell(`not asked, last known on ${day}:`);
  else if (atMs - askedAtMs > staleAfterMs) {
    const days = Math.floor((atMs - askedAtMs) / 86_400_000);
    const name = reference.replace(/^docker\.io\/(?:library\/)?/, '');
    emit({
      kind: 'warning',
      message: `\`${name}\` was last looked up ${days} days ago, on ${day}; \`--pull\` asks its registry again`,
      atMs,
    });
  }
}
