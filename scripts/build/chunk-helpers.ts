type Exports = object;

/** Modules as `import()` and default imports see them. All chunks share one view of a module. */
const views = new WeakMap<object, object>();

/**
 * The helpers that esbuild's CommonJS calls, by the names it has for them. All chunks are given these: copies of esbuild's own in each
 * chunk would take longer to load than most chunks do, and add a second getter to every export.
 */
export const chunkHelpers = { __export: defineExports, __toESM: namespaceOf, __toCommonJS: markAsModule } as const;

/** Defines a getter for each export: bindings are live, also while chunks that ask for each other in a circle are loaded. */
function defineExports(target: Exports, getters: Readonly<Record<string, () => unknown>>): void {
  for (const [name, get] of Object.entries(getters)) {
    Object.defineProperty(target, name, { get, enumerable: true });
  }
}

/** A chunk is its own namespace; of what is CommonJS, as Node's modules are, the default export is all of it. */
function namespaceOf(module: object & { readonly __esModule?: boolean }): object {
  if (module.__esModule === true) {
    return module;
  }
  const known = views.get(module);
  if (known !== undefined) {
    return known;
  }
  const view = Object.create(Object.getPrototypeOf(module) as object | null) as object;
  Object.defineProperty(view, 'default', { value: module, enumerable: true });
  for (const [name, { enumerable = false }] of Object.entries(Object.getOwnPropertyDescriptors(module))) {
    if (name !== 'default') {
      Object.defineProperty(view, name, { get: () => Reflect.get(module, name) as unknown, enumerable });
    }
  }
  views.set(module, view);
  return view;
}

function markAsModule(exports: Exports): Exports {
  return Object.defineProperty(exports, '__esModule', { value: true });
}
