/** The commands that move keys between servers and files. */
export const transfers = ['export', 'import'] as const;

export type Transfer = (typeof transfers)[number];
