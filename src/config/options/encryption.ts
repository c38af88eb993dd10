import { optionGroup } from '../option.ts';

/** Who can read new objects. */
export const recipientOptions = optionGroup({
  title: 'Encryption',
  options: {
    encryptTo: {
      flag: 'encrypt-to',
      type: 'strings',
      default: [],
      placeholder: 'age1...,...',
      help:
        'Encrypt what is stored with age, so that only the owners of these public keys (of age-keygen) can read it; names end ' +
        'in .age. etcd-backup-restore cannot read it. Nothing is encrypted when not given.',
      fileKeys: ['encryptionConfig.recipients'],
    },
    encryptToFiles: {
      flag: 'encrypt-to-file',
      type: 'strings',
      default: [],
      placeholder: 'file,...',
      help: 'Files of public keys as --encrypt-to takes them, a line each; what is given in both ways counts.',
      fileKeys: ['encryptionConfig.recipientFiles'],
    },
  },
});

/** What opens encrypted objects. */
export const identityOptions = optionGroup({
  title: 'Decryption',
  options: {
    identityFiles: {
      flag: 'identity',
      type: 'strings',
      default: [],
      placeholder: 'file,...',
      help: 'Files with the secret keys (of age-keygen) that open encrypted objects; without one these are not opened.',
      fileKeys: ['encryptionConfig.identityFiles'],
    },
  },
});
