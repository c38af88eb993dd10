/** What no output may hold: a password and its halves, which a separator in the middle leaves. */
export const tell = /hunter2|hun.{0,3}ter2|ter2@|root:hun|%68unter2/i;

/** Texts in which a password goes astray, by what they look like. Each one has a user name or a key next to it, or a form of its own. */
export const disguises: Readonly<Record<string, string>> = {
  'an address without scheme': 'root:hunter2@127.0.0.1:1',
  'a URL': 'http://root:hunter2@127.0.0.1:1',
  'a URL with a slash in the password': 'http://root:hun/ter2@127.0.0.1:1',
  'a URL with an @ in the password': 'http://root:hun@ter2@127.0.0.1:1',
  'key and value': 'password=hunter2',
  'another flag': '--etcd-password=hunter2',
  'an unknown flag': '--etcd-pasword=hunter2',
  'glued to a short flag': '-phunter2',
  'in quotes': '"root:hunter2@127.0.0.1:1"',
  'a quote that is open': '"root:hunter2@127.0.0.1:1',
  'in a list': 'http://127.0.0.1:1,root:hunter2@127.0.0.1:2',
  'in a list of members': 'a=http://127.0.0.1:1,b=http://root:hunter2@127.0.0.1:2',
  'percent-encoded': 'http://root%3Ahunter2%40127.0.0.1:1',
  JSON: '{"password":"hunter2"}',
  'two words': 'my hunter2',
  'two lines': 'user: root\npassword: hunter2\n',
  'with a number': '7hunter2',
  'a signed URL': 'http://127.0.0.1:1/c?sv=2024-01-01&sig=hunter2%2Bx&se=2027',
  'the query of a signed URL': 'sv=2024-01-01&ss=b&sig=hunter2%2Bx',
  'a connection string': 'DefaultEndpointsProtocol=https;AccountName=a;AccountKey=hunter2==;EndpointSuffix=x',
  'behind a #': 'http://127.0.0.1:1/#hunter2',
};
