export function say(text: string): void
export function counted(count: number, noun: string): string
export function step<T>(doing: string, done: string, work: (conclude: (text: string) => void) => Promise<T>): Promise<T>
export function stopWith(error: unknown): never
export function messageOf(error: unknown): string
