/**
 * Whether a name is one that this environment's executions give.
 *
 * `housing-dev` also starts the names of a workflow whose prefix is `housing-dev`; what is deleted is checked by its
 * tags, too.
 */
export function ownedBy(baseName: string, name: string | undefined): boolean {
  return name === baseName || (name?.startsWith(`${baseName}-`) ?? false);
}
