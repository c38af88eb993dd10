import type { Recipients } from '../../snapshot/encryption/recipients.ts';
import type { Packing } from '../../snapshot/packing.ts';

/** How new objects are packed in a run that may last longer than its recipients. */
export interface RenewedPacking extends Packing {
  /** The recipients as they are now; where it is left out they stay the same. Never rejects. */
  readonly currentRecipients?: (() => Promise<Recipients>) | undefined;
}

/** How the next object is packed. */
export async function packingNow({
  compression,
  compressionLevel,
  recipients,
  currentRecipients,
}: RenewedPacking): Promise<Packing> {
  return { compression, compressionLevel, recipients: (await currentRecipients?.()) ?? recipients };
}
