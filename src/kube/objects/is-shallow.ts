/** Values inside each other; objects of Kubernetes have some dozen. */
const DEEPEST = 100;

/** Whether values are inside each other no deeper than any object of Kubernetes has them, so that they can be walked through. */
export function isShallow(value: unknown, levels = DEEPEST): boolean {
  if (typeof value !== 'object' || value === null) {
    return true;
  }
  return levels > 0 && Object.values(value).every((each) => isShallow(each, levels - 1));
}
