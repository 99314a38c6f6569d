export function isLower(word: string): boolean {
  return word === word.toLowerCase();
}

export function isUpper(word: string): boolean {
  return word === word.toUpperCase();
}
