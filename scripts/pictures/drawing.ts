/** Draws one picture: the texts of its files, by their names. */
export type Drawing = () => Promise<Readonly<Record<string, string>>>;
