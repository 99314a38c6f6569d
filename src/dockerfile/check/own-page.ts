/** The page of one of our rules, in the project. */
export function ownPage(name: string): string {
  return `docs/rules/${name}.md`;
}
