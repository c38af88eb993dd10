/** Names a request to Blob Storage after the operation of its REST API, for scripts that a fault proxy plays. */
export function absOperation(method: string, url: URL): string {
  const comp = url.searchParams.get('comp');
  switch (method) {
    case 'GET':
      return comp === 'list' ? 'ListBlobs' : comp === 'blocklist' ? 'GetBlockList' : 'GetBlob';
    case 'PUT':
      return comp === 'block' ? 'PutBlock' : comp === 'blocklist' ? 'PutBlockList' : 'PutBlob';
    case 'HEAD':
      return 'GetBlobProperties';
    case 'DELETE':
      return 'DeleteBlob';
    default:
      return method;
  }
}
