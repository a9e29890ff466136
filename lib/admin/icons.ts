/** Any icon of the Lucide set, by name: 'cookie', 'shopping-cart'. Type-checked where the config names one. */
export type { IconName } from 'lucide-react/dynamic'
