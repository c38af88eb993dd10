/** An archive is damaged, or holds something that no companion has. */
export class ArchiveDamage extends Error {}
