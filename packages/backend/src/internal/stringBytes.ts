/**
 * Returns how many bytes a string takes in memory: one per character if all of its characters are Latin-1, else two.
 */
export const stringBytes = (text: string): number => text.length * (/[^\0-\xff]/.test(text) ? 2 : 1)
