/** The providers by the names that users give. */
export const providerNames = ['Local', 'S3', 'GCS', 'ABS', 'Swift', 'OSS', 'ECS', 'OCS'] as const;

/** A name of {@link providerNames}. */
export type ProviderName = (typeof providerNames)[number];
