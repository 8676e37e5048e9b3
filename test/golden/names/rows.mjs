// What stores hold, and which keys of it are asked for. `shared`: several names of the store are one key.
const variables = { MYAPP_DB_URL: 'u', MYAPP_DB_URLS: 's', MYAPP__DB: 'd', Myapp_Db_Mixed: 'm', OTHER: 'o' };
const env = (name, keys, more = {}) => ({ name, store: 'env', pairs: variables, keys, ls: ['/', '/myapp'], ...more });

const odd = {
  '/shop//db/url': 'u',
  '/shop/mode/': 'm',
  '/shop/./b': 'b',
  '/shop/x/../y': 'y',
  '/shop/plain': 'p',
  '/shop.x/a': 'a',
  '/shopping/a': 'a2',
  '/shop': 'itself',
  '//top': 't',
  '/': 'root',
};
const v3 = (name, keys, more = {}) => ({ name, store: 'etcdv3', pairs: odd, keys, ls: ['/', '/shop'], ...more });

const tree = {
  shop: { 'db/url': 'u', '/lead': 'l', 'trail/': 't', 'a/../c': 'c', '': 'empty', x: { y: '1' } },
  shopping: '2',
};
const file = (name, keys, more = {}) => ({ name, store: 'file', pairs: tree, keys, ls: ['/', '/shop'], ...more });

const cleaned = { '/shop//db/url': 'u', '/shop/mode/': 'm', '/shop/./b': 'b', '/shop/plain': 'p' };
const v2 = (name, keys, more = {}) => ({ name, store: 'etcdv2', pairs: cleaned, keys, ls: ['/', '/shop'], ...more });

export const rows = [
  env('as the variable is', ['MYAPP_DB_URL']),
  env('as the variable is, with a slash', ['/MYAPP_DB_URL']),
  env('small letters and underscores', ['/myapp_db']),
  env('capitals and slashes', ['/MYAPP/DB']),
  env('as confd shows it', ['/myapp/db']),
  env('both spellings', ['/myapp/db', 'MYAPP_DB_URL']),
  env('two underscores', ['/myapp__db']),
  env('two slashes are one', ['/myapp//db']),
  env('a variable with capitals and small letters', ['/Myapp_Db_Mixed']),
  env('the start of a name', ['/my']),
  env('a slash at the end', ['/myapp/db/']),
  env('a prefix as the variable is', ['/url'], { prefix: 'MYAPP_DB' }),
  env('a prefix in capitals', ['/url'], { prefix: '/MYAPP/DB' }),
  env('a prefix with an underscore', ['/url'], { prefix: '/myapp_db' }),
  env('a prefix as confd shows it', ['/url'], { prefix: '/myapp/db' }),
  env('a prefix, and all below', ['/'], { prefix: '/myapp' }),
  env('a prefix with a slash at its end', ['/db'], { prefix: '/myapp/' }),
  env('two variables that are one key', ['/a'], { pairs: { A_B: '1', A__B: '2', AB: '3' }, shared: true }),
  env('three variables that are one key', ['/'], { pairs: { A_B: '1', a_b: '2', A_b: '3' }, shared: true }),
  v3('all', ['/']),
  v3('a directory', ['/shop']),
  v3('below a doubled slash', ['/shop/db']),
  v3('the key of a doubled slash', ['/shop/db/url']),
  v3('a slash at the end of the name', ['/shop/mode']),
  v3('a slash at the end of the selector', ['/shop/plain/']),
  v3('a dot in the selector', ['/shop/./plain']),
  v3('a selector with two dots', ['/other/../shop/plain']),
  v3('a selector that is what the name comes to', ['/shop/b', '/shop/y']),
  v3('without a slash', ['shop']),
  v3('a prefix', ['/'], { prefix: '/shop' }),
  v3('a prefix with a slash at its end', ['/'], { prefix: '/shop/' }),
  v3('a prefix with doubled slashes', ['/'], { prefix: '/shop//' }),
  v3('a prefix, and a key', ['/db/url', '/mode', 'plain'], { prefix: '/shop' }),
  v3('a prefix that is the start of a name', ['/'], { prefix: '/shop', keys: ['/', '../shopping'] }),
  v3('two names that are one key', ['/s'], { pairs: { '/s/a': '1', '/s//a': '2', '/s/b': '3' }, shared: true }),
  v3('three names that are one key', ['/s'], { pairs: { '/s/a/': '1', '/s//a': '2', '/s/./a': '3' }, shared: true }),
  v3('a name and its folder', ['/'], { prefix: '/s', pairs: { '/s': '1', '/s/': '2', '/s/x': '3' }, shared: true }),
  file('all', ['/']),
  file('a directory', ['/shop']),
  file('what a name comes to', ['/shop/c', '/shop/trail', '/shop/lead']),
  file('a slash at the end of the selector', ['/shop/x/']),
  file('a selector with dots', ['/a/../shop/./x']),
  file('a prefix', ['/'], { prefix: '/shop' }),
  file('two names that are one key', ['/a'], { pairs: { a: { b: '1' }, 'a/b': '2' }, shared: true }),
  v2('all', ['/shop']),
  v2('what a name comes to', ['/shop/db/url', '/shop/mode', '/shop/b']),
  v2('a slash at the end of the selector', ['/shop/plain/']),
  v2('a selector with dots', ['/x/../shop/./plain']),
  v2('a prefix', ['/'], { prefix: '/shop' }),
];
