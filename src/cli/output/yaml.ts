import { Document, isScalar, Scalar, visit } from 'yaml';
import { isPrintable, printableJson } from '../../runtime/log/printable.ts';

/**
 * Plain data as a YAML document; texts stay on one line, and what would not print as it reads is escaped. In a module of its own,
 * so that it can be loaded lazily: the build refuses `import()` of a package.
 */
export function formatYaml(data: unknown): string {
  const document = new Document(data, { aliasDuplicateObjects: false });
  visit(document, {
    Scalar(_, node) {
      if (isScalar(node) && typeof node.value === 'string' && !isPrintable(node.value)) {
        // The only style that has escapes.
        node.type = Scalar.QUOTE_DOUBLE;
      }
    },
  });
  return printableJson(document.toString({ lineWidth: 0 }));
}
