const LETTERS: Record<string, string> = { ß: 'ss', æ: 'ae', ø: 'o', ı: 'i', ł: 'l' }

/** 'Éclair au café' → 'eclair-au-cafe': lower-case ASCII letters and digits, words joined by hyphens. */
export function slugify(text: string): string {
  return text
    .toLowerCase()
    .replace(/[ßæøıł]/g, (letter) => LETTERS[letter] ?? letter)
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(/[’']/g, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
}
