/** What Postgres can take as text: without NUL and without halves of characters. */
export const wellFormed = (text: string): string => text.replace(/\0|\p{Surrogate}/gu, '')

/** A piece of an address as a sentence may quote it. */
export const clip = (text: string): string => (text.length > 40 ? `${wellFormed(text.slice(0, 40))}…` : text)
