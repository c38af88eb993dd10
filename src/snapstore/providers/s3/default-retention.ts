/** How long a bucket locks what is put into it. */
export type DefaultRetention = { readonly known: true; readonly ms: number | undefined } | { readonly known: false };
